//! Every key that this version does not obey is refused by name, unless it says what is the case anyway.

use crate::support::settings;

/// A key, the table it stands in, and a value that is well-formed and not its default.
const KEYS: [(&str, &str, &str); 18] = [
    ("[coordination]", "mode", "\"kubernetes\""),
    ("[coordination]", "mode", "\"directory\""),
    ("[coordination]", "namespace", "\"vips\""),
    ("[coordination]", "renew_interval", "\"4s\""),
    ("[coordination]", "lease_duration", "\"16s\""),
    ("[coordination]", "detect", "\"lease\""),
    ("[coordination]", "on_api_loss", "\"fence\""),
    ("[coordination]", "probe_interval", "\"200ms\""),
    ("[coordination]", "look", "\"0s\""),
    ("[coordination]", "rebalance", "\"off\""),
    ("[coordination]", "directory", "\"/var/lib/claims\""),
    ("[fence]", "mode", "\"lifetime\""),
    ("[fence]", "timeout", "\"5s\""),
    ("[shield]", "mode", "\"drop\""),
    ("[router]", "table", "100"),
    ("[router]", "next_hops", "[\"192.0.2.11\"]"),
    ("[[pool]]", "announce", "\"route\""),
    ("[[pool]]", "slices", "16"),
];

#[test]
fn each_is_refused_by_name() {
    for (heading, key, value) in KEYS {
        let text = format!("{heading}\n{key} = {value}\n");
        let errors = settings(&text).expect_err(&text);
        let named = |path: &str| path.ends_with(&format!(".{key}"));
        assert!(errors.iter().any(|error| error.message == "is not yet available" && named(&error.key)), "{text}{errors}");
    }
}

#[test]
fn a_route_is_refused() {
    let text = "[[route]]\nprefix = \"198.51.100.10/32\"\nvia = [\"192.0.2.11\", \"192.0.2.12\"]\n";
    let said = "hostvip.toml:1:1: route[0]: is not yet available\n  | [[route]]\n  hint: remove it";
    assert_eq!(settings(text).unwrap_err().to_string(), said);
}
