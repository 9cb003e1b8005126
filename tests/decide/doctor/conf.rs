//! Settings out of systemd's files.

use hostvip::decide::doctor::conf::{last_assignment, parse_bool};
use proptest::prelude::*;

#[test]
fn the_last_assignment_counts() {
    let main = "[Network]\n#KeepConfiguration=no\nKeepConfiguration = yes\nDHCP=yes\n";
    assert_eq!(last_assignment([main], "KeepConfiguration"), Some("yes"));
    assert_eq!(last_assignment([main, "[Network]\nKeepConfiguration=\"static\""], "KeepConfiguration"), Some("static"));
    assert_eq!(last_assignment([main, "KeepConfiguration="], "KeepConfiguration"), None, "an empty one takes it back");
    assert_eq!(last_assignment([main], "Keep"), None);
    assert_eq!(last_assignment([], "KeepConfiguration"), None);
}

#[test]
fn booleans_are_systemds() {
    assert_eq!(
        ["yes", "TRUE", "1", "on", "no", "false", "0", "off", "static"].map(parse_bool),
        [Some(true), Some(true), Some(true), Some(true), Some(false), Some(false), Some(false), Some(false), None,]
    );
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}", key in "[A-Za-z]{0,8}") {
        last_assignment([text.as_str()], &key);
        parse_bool(&text);
    }
}
