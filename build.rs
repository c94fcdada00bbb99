//! Files that are compiled in: a file that is added or removed must rebuild the program, not only one that is changed.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A folder that is named but absent would rebuild the program every time.
    for folder in ["features", "templates", "snapshots"].into_iter().filter(|folder| Path::new(folder).exists()) {
        println!("cargo::rerun-if-changed={folder}");
    }
}
