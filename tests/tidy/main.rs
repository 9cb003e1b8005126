//! The architecture, as a test: floors, file sizes, module heads, files that no `mod` declares, words that may not be committed.
//!
//! Each rule is a pure function from text to complaints, and is shown to bite on a small bad input beside it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

pub mod files;
pub mod floors;
pub mod tokens;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The text files of the project by their path from its root.
fn project() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut pending, mut files) = (vec![root.to_path_buf()], BTreeMap::new());
    while let Some(directory) = pending.pop() {
        // Build directories say themselves what they are, whatever their name.
        if directory.join("CACHEDIR.TAG").exists() {
            continue;
        }
        for path in fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()) {
            // A directory, or in a worktree a file.
            let git = path.ends_with(".git");
            if path.is_dir() && !path.is_symlink() && !git {
                pending.push(path);
            } else if let (false, Ok(text)) = (git, fs::read_to_string(&path)) {
                files.insert(relative(&path, root), text);
            }
        }
    }
    files
}

fn relative(path: &Path, root: &Path) -> String {
    let relative: PathBuf = path.strip_prefix(root).unwrap().components().collect();
    relative.to_str().unwrap().to_owned()
}

/// Fails with one line for each complaint.
fn demand_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn complaints(check: impl Fn(&str, &str) -> Vec<String>) -> Vec<String> {
    let project = project();
    assert!(project.contains_key("src/lib.rs"), "the project was not found");
    project.iter().flat_map(|(path, text)| check(path, text)).collect()
}

#[test]
fn a_module_imports_only_lower_floors_and_the_lower_floors_are_pure() {
    demand_none(&complaints(floors::check));
}

#[test]
fn rust_files_are_small_have_a_head_and_run_all_their_tests() {
    demand_none(&complaints(files::check_rust));
}

#[test]
fn every_rust_file_is_declared() {
    demand_none(&files::check_declared(&project()));
}

#[test]
fn nothing_of_one_machine_is_committed() {
    demand_none(&complaints(files::check_portable));
}
