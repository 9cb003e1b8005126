//! What comes out of which objects, as data: each file of `data/` is a theme, each scenario in it objects in and verdicts out.
//!
//! The files are to be read as documentation. `format.rs` says what stands in one.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod cluster;
mod coverage;
mod format;
mod host;
mod verdicts;

use std::path::Path;

use format::Theme;

/// Every theme: file name and content.
fn themes() -> Vec<(String, Theme)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/data");
    let mut files: Vec<_> = directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let theme = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, theme)
    };
    files.iter().map(|path| read(path)).collect()
}

/// All that differ are shown at once.
#[test]
fn objects_in_verdicts_out() {
    let themes = themes();
    let scenarios = themes.iter().flat_map(|(file, theme)| theme.scenarios.iter().map(move |scenario| (file, theme, scenario)));
    let differ: Vec<_> = scenarios
        .filter_map(|(file, theme, scenario)| {
            let differences = verdicts::differences(theme, scenario);
            (!differences.is_empty()).then(|| format!("{file}: {}\n    {}", scenario.title, differences.join("\n    ")))
        })
        .collect();
    assert!(differ.is_empty(), "{} scenarios differ\n{}", differ.len(), differ.join("\n"));
}
