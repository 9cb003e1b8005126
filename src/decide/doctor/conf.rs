//! Settings out of the texts of systemd's and `NetworkManager`'s files.

/// The last assignment of `key` in texts that are read one after another (systemd.syntax(7)); an empty one takes back those before.
pub fn last_assignment<'a>(texts: impl IntoIterator<Item = &'a str>, key: &str) -> Option<&'a str> {
    let of_key = |line: &'a str| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim().trim_matches('"'))
    };
    texts.into_iter().flat_map(str::lines).filter_map(of_key).last().filter(|value| !value.is_empty())
}

/// A boolean as systemd writes it; none for anything else.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}
