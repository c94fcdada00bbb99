<?php
// Plain PHP: curl and openssl, no framework. PHP locks a session while a request has it, so that there is one refresh at a time.
declare(strict_types=1);
error_reporting(E_ALL);
ini_set('display_errors', '0');

define('ISSUER', getenv('OIDC_ISSUER'));
define('CLIENT', getenv('CLIENT_ID'));
define('TENANTS', explode(',', getenv('TENANTS')));
define('BASE', 'http://127.0.0.1:' . getenv('PORT'));
define('FOLDER', sys_get_temp_dir() . '/ambulatorio-' . getmyuid() . '-' . getenv('PORT') . '-' . hash('crc32b', CLIENT . ISSUER));
const PATIENTS = 'giponext.patients';
const SCOPES = 'openid profile offline_access ' . PATIENTS;
const ATTEMPT_SECONDS = 600;
const REFUSED = 'You did not grant this permission. Sign in again to grant it.';
const UNAVAILABLE = 'The platform does not answer now: try again later.';
const WRITABLE = ['firstName', 'lastName', 'fiscalCode', 'birthDate', 'birthPlace', 'gender', 'phone', 'email', 'address', 'city', 'postalCode',
    'contactPreference', 'version'];

class Problem extends Exception {} // its message is for the end-user
class SignInAgain extends Exception {}
class Unsound extends Exception {}

// ---- HTTP: no redirects, a time limit, waits as long as the platform says

/** The status, the body (null: none came whole) and Retry-After. */
function ask(string $method, string $url, array $headers = [], ?string $body = null): array
{
    $retryAfter = '';
    $curl = curl_init($url);
    curl_setopt_array($curl, [
        CURLOPT_CUSTOMREQUEST => $method, CURLOPT_HTTPHEADER => ['Accept: application/json', ...$headers], CURLOPT_RETURNTRANSFER => true,
        CURLOPT_FOLLOWLOCATION => false, CURLOPT_CONNECTTIMEOUT => 3, CURLOPT_TIMEOUT => 6, CURLOPT_MAXFILESIZE => 8 << 20,
        CURLOPT_HEADERFUNCTION => function ($curl, $line) use (&$retryAfter) {
            if (stripos($line, 'retry-after:') === 0) {
                $retryAfter = trim(substr($line, 12));
            }
            return strlen($line);
        },
    ]);
    if ($body !== null) {
        curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
    }
    if (getenv('CA_FILE')) {
        curl_setopt($curl, CURLOPT_CAINFO, getenv('CA_FILE'));
    }
    $text = curl_exec($curl);
    $status = $text === false ? 0 : curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
    if ($status === 0) {
        error_log("$method " . strtok($url, '?') . ': ' . curl_error($curl));
    }
    $json = is_string($text) ? json_decode($text, true) : null;
    return ['status' => $status, 'body' => is_array($json) ? $json : null, 'retryAfter' => $retryAfter];
}

function passing(array $answer): bool
{
    return $answer['status'] === 0 || $answer['status'] === 429 || $answer['status'] >= 500;
}

/** Repeats what fails for a moment, unless the platform asks for more patience than a page has. */
function patiently(int $most, callable $request): array
{
    for ($tries = 0; ; $tries++) {
        $answer = $request();
        $said = $answer['retryAfter'];
        $wait = ctype_digit($said) ? (float) $said : ($said && strtotime($said) ? max(0, strtotime($said) - time() + 1) : 0.5 * 2 ** $tries);
        if (!passing($answer) || $tries >= $most || $wait > 8) {
            return $answer;
        }
        usleep((int) (1e6 * $wait) + random_int(50_000, 300_000));
    }
}

// ---- the platform

/** What is asked once for all requests, and kept in a file. */
function kept(string $name, callable $fetch, callable $good): array
{
    $file = FOLDER . "/$name.json";
    $known = is_file($file) ? json_decode(file_get_contents($file), true) : null;
    if (!$known || !$good($known)) {
        $known = $fetch($known);
        file_put_contents("$file." . getmypid(), json_encode($known));
        rename("$file." . getmypid(), $file);
    }
    return $known;
}

function platform(): array
{
    return kept('metadata', function () {
        $answer = patiently(2, fn () => ask('GET', rtrim(ISSUER, '/') . '/.well-known/openid-configuration'));
        if ($answer['status'] !== 200 || ($answer['body']['issuer'] ?? null) !== ISSUER) {
            throw new Problem(UNAVAILABLE);
        }
        return $answer['body'];
    }, fn ($known) => true);
}

/** The RSA key of that id; for an unknown one the keys are fetched again, but not more often than every half minute. */
function keyOf(?string $kid): array
{
    $find = fn ($known) => $kid === null ? (count($known['keys']) === 1 ? $known['keys'][0] : null) : (array_column($known['keys'], null, 'kid')[$kid] ?? null);
    $known = kept('keys', function ($before) {
        $answer = ask('GET', platform()['jwks_uri']);
        if ($answer['status'] !== 200 || !isset($answer['body']['keys'])) {
            throw new Problem(UNAVAILABLE);
        }
        $keys = array_filter($answer['body']['keys'], fn ($key) => $key['kty'] === 'RSA' && ($key['use'] ?? 'sig') === 'sig');
        return ['keys' => array_values($keys), 'looked' => $before ? time() : 0];
    }, fn ($known) => $find($known) || time() - $known['looked'] < 30);
    return $find($known) ?? throw new Unsound('no such key');
}

function der(int $tag, string $content): string
{
    $length = strlen($content);
    $bytes = $length < 128 ? chr($length) : ltrim(pack('N', $length), "\0");
    return chr($tag) . ($length < 128 ? '' : chr(0x80 | strlen($bytes))) . $bytes . $content;
}

function pem(array $key): string
{
    $number = fn ($name) => der(2, "\0" . unbase64($key[$name]));
    $algorithm = hex2bin('300d06092a864886f70d0101010500');
    return "-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode(der(0x30, $algorithm . der(3, "\0" . der(0x30, $number('n') . $number('e')))))) . "-----END PUBLIC KEY-----\n";
}

function base64url(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

function unbase64(string $text): string
{
    return base64_decode(strtr($text, '-_', '+/'), true) ?: throw new Unsound('not base64url');
}

function claimsOf(mixed $token, ?string $nonce): array
{
    $parts = is_string($token) ? explode('.', $token) : [];
    if (count($parts) !== 3) {
        throw new Unsound('not a JWT');
    }
    [$header, $claims] = [json_decode(unbase64($parts[0]), true), json_decode(unbase64($parts[1]), true)];
    $number = fn ($name) => is_int($claims[$name] ?? null) || is_float($claims[$name] ?? null) ? $claims[$name] : throw new Unsound("no $name");
    if (($header['alg'] ?? null) !== 'RS256' || isset($header['crit']) || !is_array($claims)) {
        throw new Unsound('not as announced');
    }
    if (openssl_verify("$parts[0].$parts[1]", unbase64($parts[2]), pem(keyOf($header['kid'] ?? null)), OPENSSL_ALGO_SHA256) !== 1) {
        throw new Unsound('signature');
    }
    $sub = $claims['sub'] ?? null;
    match (true) {
        ($claims['iss'] ?? null) !== ISSUER => throw new Unsound('iss'),
        !in_array($claims['aud'] ?? null, [CLIENT, [CLIENT]], true) || ($claims['azp'] ?? CLIENT) !== CLIENT => throw new Unsound('aud or azp'),
        $number('exp') < time() - 60 || abs($number('iat') - time()) > 600 || ($claims['nbf'] ?? 0) > time() + 60 => throw new Unsound('time'),
        !is_string($sub) || $sub === '' || strlen($sub) > 255 => throw new Unsound('sub'),
        $nonce !== null && ($claims['nonce'] ?? null) !== $nonce => throw new Unsound('nonce'),
        default => null,
    };
    return $claims;
}

function post(string $endpoint, array $fields): array
{
    $basic = base64_encode(urlencode(CLIENT) . ':' . urlencode(getenv('CLIENT_SECRET')));
    return ask('POST', platform()[$endpoint], ["Authorization: Basic $basic"], http_build_query($fields));
}

function tokensOf(array $answer, array $before): array
{
    $body = $answer['body'] ?? [];
    if (($body['error'] ?? null) === 'invalid_grant') {
        throw new SignInAgain();
    }
    if ($answer['status'] !== 200 || !is_string($body['access_token'] ?? null) || strtolower((string) ($body['token_type'] ?? '')) !== 'bearer') {
        throw new Problem(UNAVAILABLE);
    }
    return [
        'access' => $body['access_token'], 'refresh' => $body['refresh_token'] ?? $before['refresh'] ?? null,
        'idToken' => $body['id_token'] ?? $before['idToken'] ?? null, 'scope' => $body['scope'] ?? $before['scope'] ?? SCOPES,
    ];
}

function refresh(array $grant): array
{
    if (!$grant['refresh']) {
        throw new SignInAgain();
    }
    $answer = patiently(2, fn () => post('token_endpoint', ['grant_type' => 'refresh_token', 'refresh_token' => $grant['refresh']]));
    $tokens = tokensOf($answer, $grant);
    if (isset($answer['body']['id_token'])) {
        try {
            $sub = claimsOf($answer['body']['id_token'], null)['sub'];
        } catch (Unsound) {
            throw new SignInAgain();
        }
        if ($sub !== $grant['sub']) {
            throw new SignInAgain();
        }
    }
    return [...$grant, ...$tokens];
}

function call(array &$grant, string $method, string $path, ?string $scope = null, ?array $json = null): array
{
    if ($scope && !in_array($scope, explode(' ', $grant['scope']), true)) {
        throw new Problem(REFUSED);
    }
    // A write that was perhaps carried out is not repeated.
    $request = function () use (&$grant, $method, $path, $json) {
        $headers = ["Authorization: Bearer $grant[access]", ...($json ? ['Content-Type: application/json'] : [])];
        $answer = ask($method, getenv('GIPO_API_BASE') . $path, $headers, $json ? json_encode($json) : null);
        if ($answer['status'] === 200 && $answer['body'] === null) {
            $answer['status'] = 0;
        }
        if ($method !== 'GET' && passing($answer) && $answer['status'] !== 429) {
            throw new Problem('It is not known whether the platform did this: look before you repeat it.');
        }
        return $answer;
    };
    $answer = patiently(3, $request);
    if ($answer['status'] === 401) {
        $grant = refresh($grant);
        $answer = patiently(3, $request);
    }
    ['status' => $status, 'body' => $body] = $answer;
    if ($status >= 200 && $status < 300) {
        return $body ?? [];
    }
    error_log("$method " . strtok($path, '?') . ": $status " . ($body['error'] ?? ''));
    throw match ($status) {
        401 => new SignInAgain(),
        403 => new Problem(($body['error'] ?? '') === 'insufficient_permission' ? 'Your account lacks the permission: ask your medical centre.' : REFUSED),
        409 => new Problem('Somebody changed this meanwhile: look at it again and repeat your change.'),
        422 => new Problem('The platform does not accept this: ' . ($body['message'] ?? '')),
        default => new Problem(UNAVAILABLE),
    };
}

function everyPatient(array &$grant): array
{
    $found = [];
    do {
        $page = call($grant, 'GET', "/v2/tenants/$grant[tenant]/patients?limit=100&offset=" . count($found), PATIENTS);
        $found = [...$found, ...$page['items']];
    } while ($page['hasMore'] && $page['items']);
    return $found;
}

function revoke(array $grant): void
{
    if ($grant['refresh']) {
        patiently(3, fn () => post('revocation_endpoint', ['token' => $grant['refresh'], 'token_type_hint' => 'refresh_token']));
    }
}

// ---- sign-in

function login(): never
{
    $state = base64url(random_bytes(32));
    $attempt = ['verifier' => base64url(random_bytes(48)), 'nonce' => base64url(random_bytes(32)), 'at' => time()];
    $endpoint = platform()['authorization_endpoint'];
    $_SESSION['attempts'] = array_slice([...$_SESSION['attempts'] ?? [], $state => $attempt], -10);
    go($endpoint . '?' . http_build_query([
        'response_type' => 'code', 'client_id' => CLIENT, 'redirect_uri' => BASE . '/callback', 'scope' => SCOPES, 'state' => $state,
        'nonce' => $attempt['nonce'], 'code_challenge' => base64url(hash('sha256', $attempt['verifier'], true)), 'code_challenge_method' => 'S256',
    ]));
}

function callback(): never
{
    try {
        $names = array_map(fn ($pair) => urldecode(strtok($pair, '=')), array_filter(explode('&', $_SERVER['QUERY_STRING'] ?? '')));
        $state = is_string($_GET['state'] ?? null) ? $_GET['state'] : '';
        $attempt = $_SESSION['attempts'][$state] ?? null;
        if ($names !== array_unique($names) || !$attempt || time() - $attempt['at'] > ATTEMPT_SECONDS) {
            throw new Unsound('nobody asked for this response');
        }
        unset($_SESSION['attempts'][$state]);
        $promised = platform()['authorization_response_iss_parameter_supported'] ?? false;
        if (($_GET['iss'] ?? ($promised ? null : ISSUER)) !== ISSUER) {
            throw new Unsound('the response is another issuer\'s');
        }
        if (($_GET['error'] ?? null) === 'access_denied') {
            throw new Problem('You did not consent.');
        }
        $answer = isset($_GET['error']) ? throw new Unsound('the platform refused') : post('token_endpoint', [
            'grant_type' => 'authorization_code', 'code' => $_GET['code'] ?? '', 'redirect_uri' => BASE . '/callback', 'code_verifier' => $attempt['verifier'],
        ]);
        $grant = tokensOf($answer, []);
        $grant['sub'] = claimsOf($grant['idToken'], $attempt['nonce'])['sub'];
        $user = call($grant, 'GET', '/v2/userinfo');
        if (($user['sub'] ?? null) !== $grant['sub']) {
            throw new Unsound('the user information is somebody else\'s');
        }
        $ours = array_values(array_filter($user['tenants'] ?? [], fn ($tenant) => in_array((string) $tenant['id'], TENANTS, true)));
        if (!$ours) {
            revoke($grant);
            throw new Problem('Your medical centre did not authorise this application.');
        }
        session_regenerate_id(true);
        $_SESSION['grant'] = [...$grant, 'name' => $user['name'], 'tenant' => $ours[0]['id']];
        $_SESSION['csrf'] = base64url(random_bytes(32));
    } catch (Problem | SignInAgain | Unsound $problem) {
        error_log('sign-in: ' . $problem::class . ' ' . $problem->getMessage());
        $_SESSION['notice'] = $problem instanceof Problem ? $problem->getMessage() : 'The sign-in did not succeed: try again.';
    }
    go('/');
}

// ---- pages

function go(string $where): never
{
    header("Location: $where", true, 303);
    exit;
}

function page(string $body = '', ?string $notice = null, int $status = 200): never
{
    http_response_code($status);
    $escape = fn ($text) => htmlspecialchars((string) $text, ENT_QUOTES);
    $notice ??= $_SESSION['notice'] ?? null;
    unset($_SESSION['notice']);
    $head = '<a id="login" href="/login">Sign in with GipoNext</a>';
    if ($grant = $_SESSION['grant'] ?? null) {
        $head = '<p id="user">' . $escape($grant['name']) . '</p><a href="/patients">Patients</a>' . button('/logout', 'logout', 'Sign out')
            . ($notice === REFUSED ? $head : '');
    }
    echo "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Ambulatorio</title><main>$head",
        $notice ? '<p class="problem" role="alert">' . $escape($notice) . '</p>' : '', $body, '</main></html>';
    exit;
}

function button(string $action, string $id, string $text): string
{
    return "<form method=\"post\" action=\"$action\"><input type=\"hidden\" name=\"csrf\" value=\"$_SESSION[csrf]\"><button id=\"$id\">$text</button></form>";
}

function patients(array &$grant): never
{
    $found = everyPatient($grant);
    $items = array_map(fn ($it) => '<li>' . htmlspecialchars("$it[lastName] $it[firstName]", ENT_QUOTES) . '</li>', $found);
    page($found ? '<ul id="patients">' . implode($items) . '</ul>' . button('/change', 'change', 'Confirm the first one\'s data') : '<p>There are no patients.</p>');
}

function change(array &$grant): never
{
    $base = "/v2/tenants/$grant[tenant]/patients";
    $first = call($grant, 'GET', "$base?limit=1", PATIENTS)['items'][0];
    $kept = array_filter(array_intersect_key($first, array_flip(WRITABLE)), fn ($value) => $value !== null);
    call($grant, 'PUT', "$base/$first[id]", PATIENTS, $kept);
    $_SESSION['notice'] = 'Saved.';
    go('/patients');
}

function logout(array &$grant): never
{
    $_SESSION = [];
    session_regenerate_id(true);
    revoke($grant);
    $_SESSION['leaving'] = base64url(random_bytes(32));
    $query = ['id_token_hint' => $grant['idToken'], 'post_logout_redirect_uri' => BASE . '/signed-out', 'state' => $_SESSION['leaving']];
    go(platform()['end_session_endpoint'] . '?' . http_build_query($query));
}

function signedOut(): never
{
    $asked = $_SESSION['leaving'] ?? null;
    unset($_SESSION['leaving']);
    $asked !== null && ($_GET['state'] ?? null) === $asked ? go('/') : page('', 'You did not ask for this page.', 400);
}

/** A page of the signed-in. */
function signed(callable $work): never
{
    if (!isset($_SESSION['grant'])) {
        go('/');
    }
    if ($_SERVER['REQUEST_METHOD'] === 'POST' && !hash_equals($_SESSION['csrf'], (string) ($_POST['csrf'] ?? ''))) {
        page('', 'This form is too old: try again.', 403);
    }
    $work($_SESSION['grant']);
}

header('Cache-Control: no-store');
header('Referrer-Policy: no-referrer');
header('X-Content-Type-Options: nosniff');
header("Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
$route = $_SERVER['REQUEST_METHOD'] . ' ' . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($route === 'GET /health') {
    exit('ok');
}
is_dir(FOLDER) || @mkdir(FOLDER, 0700, true);
session_save_path(FOLDER);
session_name('__Host-sid');
session_start(['cookie_secure' => true, 'cookie_httponly' => true, 'cookie_samesite' => 'Lax', 'use_strict_mode' => true, 'cache_limiter' => '']);
try {
    match ($route) {
        'GET /' => page(),
        'GET /login' => login(),
        'GET /callback' => callback(),
        'GET /patients' => signed(patients(...)),
        'POST /change' => signed(change(...)),
        'POST /logout' => signed(logout(...)),
        'GET /signed-out' => signedOut(),
        default => page('', 'There is no such page.', 404),
    };
} catch (SignInAgain) {
    session_regenerate_id(true);
    $_SESSION = ['notice' => 'Your access to the platform has ended: sign in again.'];
    go('/');
} catch (Problem $problem) {
    page('', $problem->getMessage());
} catch (Throwable $error) {
    error_log((string) $error->getMessage());
    page('', 'This did not succeed: try again later.', 500);
}
