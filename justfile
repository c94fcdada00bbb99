# Lists the commands.
default:
    @just --list --unsorted

# Installs what this machine lacks.
setup:
    ci/setup

# Runs the suite: on the mock and the bundled application unless told otherwise.
run *ARGS:
    cargo run --locked --quiet -- run {{ARGS}}

# The mock platform alone, until Ctrl-C.
mock *ARGS:
    cargo run --locked --quiet -- mock {{ARGS}}

# The bundled application alone, until Ctrl-C.
app *ARGS:
    cargo run --locked --quiet -- app {{ARGS}}

# What the suite holds: requirements, scenarios, defects, faults or steps.
list *ARGS:
    cargo run --locked --quiet -- list {{ARGS}}

# Looks at browser, driver, ports and profile.
doctor *ARGS:
    cargo run --locked --quiet -- doctor {{ARGS}}

# Everything that must hold before a change goes in.
test *ARGS:
    ci/test {{ARGS}}

# The tests under the clocks of 20 other days, or of those that are named. A nightly's.
calendar *DAYS:
    ci/calendar {{DAYS}}

# A part of the defects, such as `3 20` of twenty, against the whole suite: what a defect breaks outside its row is found. A nightly's.
kill-matrix-whole PART="1" OF="20":
    KILL_PART={{PART}}/{{OF}} cargo test --locked --test defects -- --ignored --nocapture defects_break_nothing_outside_their_rows

# Every defect against every scenario of the requirements that it breaks, with one seed and so many scenarios at once. A nightly's; it
# writes down which scenarios caught which (tests/fixtures/caught.json), and the tests try those first.
kill-matrix SEED JOBS:
    KILL_SEED={{SEED}} KILL_JOBS={{JOBS}} cargo nextest run --locked --no-fail-fast --test defects

# The whole relying-party suite on every sample application, or on those that are named. A nightly's.
relying-parties *NAMES:
    ci/relying-parties {{NAMES}}

# Formatting and lints.
lint:
    ci/lint

# Formats the code.
fmt:
    cargo fmt

# Looks over the snapshots that differ, one by one (needs cargo-insta).
snapshots:
    cargo insta review

# Licences, bans and sources of the dependencies, and what is known against them: the database of advisories is fetched anew. A nightly's; installs
# cargo-deny where it is missing.
deny:
    ci/deny

# Popup sign-ins by us and by Playwright, in turn (needs Node.js 20 or newer with npm).
bench-flow *FLOWS:
    cd benches/playwright && npm ci --ignore-scripts --no-audit --no-fund
    cargo bench --locked --profile dev --bench flow -- {{FLOWS}}

# The mock platform beside oauth2-mock-server, oidc-provider and Prism (needs Node.js 20 or newer with npm, and wrk).
bench-mock *ROUNDS:
    cd benches/peers && npm ci --ignore-scripts --no-audit --no-fund
    cargo bench --locked --bench mock -- {{ROUNDS}}

# How long the page of 100 and of 1,000 scenarios takes to open, made of the run in the folder.
bench-report RUN="collaudo-report":
    cargo bench --locked --profile dev --bench report -- "$(realpath {{RUN}})"

# A program outside this workspace that starts the mock in ten lines, built from nothing, and the code in the mock's README. A nightly's.
outside:
    cargo test --locked --test outside -- --ignored
    cargo test --locked --doc --package collaudo_platform

# Dependencies that no code names (needs cargo-machete). A nightly's.
machete:
    cargo machete

# Runs, killed with SIGKILL at moments spread over a run: of fifty each leaves a report that is INCOMPLETE, of a hundred none leaves a process
# or a folder behind (half an hour). A nightly's.
kills:
    cargo test --locked --test cli -- --ignored --nocapture --test-threads 1 killed ends_with_every_run

# What an application that tells everything leaves in a run's texts and pictures: nothing. Installs what reads the pictures. A nightly's.
leaks:
    ci/leaks

# Schemathesis on the mock platform's API, by the document that it serves (needs Python 3.10 or newer).
schemathesis *ARGS:
    ci/schemathesis {{ARGS}}

# Fuzzes a parser of what strangers send (needs cargo-fuzz); without a name it lists them.
fuzz TARGET="" SECONDS="60":
    #!/bin/sh
    set -eu
    if [ -z "{{TARGET}}" ]; then ls fuzz/seeds; exit 0; fi
    mkdir -p "fuzz/corpus/{{TARGET}}"
    cargo fuzz run --sanitizer none "{{TARGET}}" "fuzz/corpus/{{TARGET}}" "fuzz/seeds/{{TARGET}}" -- \
        -max_total_time={{SECONDS}} -rss_limit_mb=2048 -max_len=16384

# The library's documentation, with the map of the rooms.
doc:
    cargo doc --locked --no-deps --open
