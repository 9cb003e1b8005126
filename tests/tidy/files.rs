//! Files: small, with a head, declared, and free of what belongs to one machine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use super::tokens::{declared, tokens};

/// Lines that a reader can hold in mind; aim at far fewer.
const LINES: usize = 350;
/// Directories of the machines that this was written on. In two parts, or this file would complain about itself.
const MACHINE: [&str; 3] = [concat!("/ro", "ot"), concat!("/wo", "rk"), concat!("/tmp", "/wt")];
/// The one place where dependencies come from, whatever mirror a machine uses.
const REGISTRY: &str = "\"registry+https://github.com/rust-lang/crates.io-index\"";

/// Size, head, name and skipped tests of one Rust file.
pub fn check_rust(path: &str, text: &str) -> Vec<String> {
    if !is_rust(path) {
        return Vec::new();
    }
    let lines = text.lines().count();
    let rules = [
        (lines > LINES, format!("{lines} lines, more than {LINES}: split it by noun")),
        (!text.starts_with("//!"), "no module head (`//!`) that says its role".to_owned()),
        (path.ends_with("/mod.rs"), "mod.rs: name it after the module, beside its directory".to_owned()),
        (text.contains(concat!("#[ig", "nore")), "a test that never runs".to_owned()),
    ];
    rules.into_iter().filter(|(broken, _)| *broken).map(|(_, why)| format!("{path}: {why}")).collect()
}

/// Rust files that no `mod` reaches: their code and their tests would never be built.
pub fn check_declared(project: &BTreeMap<String, String>) -> Vec<String> {
    let rust: BTreeSet<&str> = project.keys().map(String::as_str).filter(|path| is_rust(path)).collect();
    let mut pending: Vec<(String, bool)> = rust.iter().filter(|path| is_root(path)).map(|path| ((*path).to_owned(), true)).collect();
    let mut reached = BTreeSet::new();
    while let Some((path, owns_directory)) = pending.pop() {
        let Some(text) = project.get(&path) else { continue };
        if !reached.insert(path.clone()) {
            continue;
        }
        let directory = Path::new(&path).parent().unwrap_or(Path::new("")).to_path_buf();
        let children = if owns_directory { directory.clone() } else { Path::new(&path).with_extension("") };
        for module in declared(&tokens(text)) {
            let by_path = module.path.is_some();
            let file = module.path.map_or_else(|| children.join(format!("{}.rs", module.name)), |relative| directory.join(relative));
            pending.push((normal(&file), by_path));
        }
    }
    rust.iter().filter(|path| !reached.contains(**path)).map(|path| format!("{path}: declared by no `mod`, so it is never built")).collect()
}

fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

/// A file that cargo builds as a crate.
fn is_root(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["build.rs"] | ["src", "lib.rs" | "main.rs"] | ["src", "bin", _] | ["fuzz", "fuzz_targets", _] => true,
        ["tests" | "benches" | "examples", rest @ ..] => matches!(rest, [_] | [_, "main.rs"]),
        _ => false,
    }
}

/// The path without `..`.
fn normal(path: &Path) -> String {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(parts.pop()),
            other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
        }
    }
    parts.join("/")
}

/// Paths and registries that only one machine has.
pub fn check_portable(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if path.starts_with(".cargo/") {
        complaints.push(format!("{path}: cargo's settings belong to a machine, not to the project"));
    }
    for (number, line) in text.lines().enumerate() {
        if MACHINE.iter().any(|directory| names(line, directory)) {
            complaints.push(format!("{path}:{}: names a directory of one machine: {line}", number + 1));
        }
        if path == "Cargo.lock" && line.strip_prefix("source = ").is_some_and(|source| source != REGISTRY) {
            complaints.push(format!("{path}:{}: a dependency from elsewhere than crates.io: {line}", number + 1));
        }
    }
    complaints
}

/// Whether `line` names `directory` itself or something in it, not as a part of another path.
fn names(line: &str, directory: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || "_.-~}*".contains(c);
    line.match_indices(directory).any(|(at, _)| {
        let (before, after) = (line[..at].chars().next_back(), line[at + directory.len()..].chars().next());
        !before.is_some_and(part) && !after.is_some_and(|c| part(c) && c != '.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_rust_files_are_found() {
        let long = format!("//! Head.\n{}", "\n".repeat(LINES));
        let skipped = concat!("//! Head.\n#[ig", "nore]\n");
        for (path, text) in
            [("src/a.rs", long.as_str()), ("src/a.rs", "fn f() {}\n"), ("src/a/mod.rs", "//! Head.\n"), ("tests/a.rs", skipped)]
        {
            assert_eq!(check_rust(path, text).len(), 1, "{path}: {text}");
        }
        assert!(check_rust("src/a.rs", "//! Head.\n").is_empty() && check_rust("README.md", "text").is_empty());
    }

    #[test]
    fn files_that_no_mod_declares_are_found() {
        let files = [
            ("src/lib.rs", "mod a;"),
            ("src/a.rs", "mod b;"),
            ("src/a/b.rs", ""),
            ("src/a/c.rs", ""),
            ("tests/t/main.rs", "#[path = \"../s/x.rs\"] mod x; mod y;"),
            ("tests/t/y.rs", "// mod z;"),
            ("tests/t/z.rs", ""),
            ("tests/s/x.rs", "mod w;"),
            ("tests/s/w.rs", ""),
        ];
        let project = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let found = check_declared(&project);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("src/a/c.rs:") && found[1].starts_with("tests/t/z.rs:"), "{found:?}");
    }

    #[test]
    fn what_belongs_to_one_machine_is_found() {
        let foreign = "source = \"registry+https://example.net/index\"";
        for (path, text) in
            [("docs/a.md", MACHINE[0]), ("a.sh", &format!("cd {}/x", MACHINE[1])), ("Cargo.lock", foreign), (".cargo/config.toml", "")]
        {
            assert_eq!(check_portable(path, text).len(), 1, "{path}: {text}");
        }
        let fine = format!("a/net{}s {}-x source = 1", MACHINE[1], MACHINE[0]);
        assert!(check_portable("README.md", &fine).is_empty(), "{fine}");
    }
}
