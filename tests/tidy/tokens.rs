//! Paths and `mod` declarations in Rust source, read from its tokens: comments and strings cannot mislead.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A `mod name;` and its `#[path]`.
#[derive(Debug, PartialEq, Eq)]
pub struct Declared {
    pub name: String,
    pub path: Option<String>,
}

/// The tokens of a file.
pub fn tokens(text: &str) -> Vec<TokenTree> {
    // The lexer of a shebang line is rustc's business.
    let text = if text.starts_with("#!/") { text.split_once('\n').map_or("", |(_, rest)| rest) } else { text };
    text.parse::<TokenStream>().expect("source that compiles has tokens").into_iter().collect()
}

/// Every path that the source names outside of `#[cfg(test)]`, `use` groups written out: `a::b` and `a::c` for `use a::{b, c}`.
pub fn paths(tokens: &[TokenTree]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    collect(tokens, &[], &mut found);
    found
}

fn collect(tokens: &[TokenTree], prefix: &[String], found: &mut Vec<Vec<String>>) {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Punct(_) if is_cfg_test(&tokens[at - 1..]) => at += item(&tokens[at..]),
            TokenTree::Group(group) => collect(&inside(group), prefix, found),
            TokenTree::Ident(first) => {
                let mut path = prefix.to_vec();
                path.push(first.to_string());
                while is_separator(&tokens[at..]) {
                    match tokens.get(at + 2) {
                        Some(TokenTree::Ident(next)) => path.push(next.to_string()),
                        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => collect(&inside(group), &path, found),
                        _ => break,
                    }
                    at += 3;
                }
                found.push(path);
            }
            _ => {}
        }
    }
}

/// Files that the source declares as modules of its own.
pub fn declared(tokens: &[TokenTree]) -> Vec<Declared> {
    let mut found = Vec::new();
    for (at, window) in tokens.windows(3).enumerate() {
        if let [TokenTree::Ident(keyword), TokenTree::Ident(name), TokenTree::Punct(end)] = window
            && keyword == "mod"
            && end.as_char() == ';'
        {
            found.push(Declared { name: name.to_string(), path: path_attribute(&tokens[..at]) });
        }
    }
    found
}

/// The value of a `#[path = "..."]` that ends the tokens, a visibility aside.
fn path_attribute(before: &[TokenTree]) -> Option<String> {
    let attribute = before.iter().rev().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => Some(Some(group)),
        TokenTree::Punct(end) if end.as_char() == ';' => Some(None),
        _ => None,
    })??;
    match inside(attribute).as_slice() {
        [TokenTree::Ident(name), _, TokenTree::Literal(value)] if name == "path" => Some(value.to_string().trim_matches('"').to_owned()),
        _ => None,
    }
}

fn inside(group: &proc_macro2::Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

fn is_separator(tokens: &[TokenTree]) -> bool {
    let colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    colon(tokens.first()) && colon(tokens.get(1))
}

fn is_cfg_test(tokens: &[TokenTree]) -> bool {
    let [TokenTree::Punct(hash), TokenTree::Group(attribute), ..] = tokens else { return false };
    hash.as_char() == '#' && attribute.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// Length of the attribute and the item after it.
fn item(tokens: &[TokenTree]) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    };
    tokens.iter().position(ends).map_or(tokens.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_in_groups_macros_and_bodies_but_not_in_text() {
        let source = r#"
            use std::{fs, net::{IpAddr, TcpStream}};
            /// crate::comment
            fn f() { log!("crate::text", crate::kernel::x()); }
            #[cfg(test)] mod tests { use crate::only::tests; }
            type T = crate::agent::T<crate::cli::U>;
        "#;
        let paths: Vec<String> = paths(&tokens(source)).iter().map(|path| path.join("::")).collect();
        for expected in ["std::fs", "std::net::IpAddr", "std::net::TcpStream", "crate::kernel::x", "crate::agent::T", "crate::cli::U"] {
            assert!(paths.iter().any(|path| path == expected), "{expected} not in {paths:?}");
        }
        for hidden in ["crate::comment", "crate::text", "crate::only::tests"] {
            assert!(!paths.iter().any(|path| path == hidden), "{hidden} in {paths:?}");
        }
    }

    #[test]
    fn modules_are_declared_by_name_or_by_path() {
        let found = declared(&tokens("mod a; #[path = \"../x/b.rs\"] pub mod b; mod inline { fn f() {} } #[cfg(test)] mod c;"));
        let plain = |name: &str| Declared { name: name.into(), path: None };
        assert_eq!(found, [plain("a"), Declared { name: "b".into(), path: Some("../x/b.rs".into()) }, plain("c")]);
    }
}
