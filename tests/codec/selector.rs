//! Label selectors against the semantics of apimachinery's `labels` package.

use std::collections::BTreeMap;

use hostvip::model::{Labels, Selector};
use proptest::prelude::*;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>().into()
}

#[test]
fn conditions_select_as_kubernetes_does() {
    let web = labels(&[("app", "web"), ("tier", "front"), ("empty", "")]);
    for (text, expected) in [
        ("", true),
        ("  ", true),
        ("app=web", true),
        ("app==web", true),
        ("app = web , tier == front", true),
        ("app=db", false),
        ("app!=web", false),
        ("app!=db", true),
        ("gone!=x", true),
        ("gone=", false),
        ("empty=", true),
        ("empty", true),
        ("app in (web, db)", true),
        ("app in(web)", true),
        ("app in (db)", false),
        ("gone in (x)", false),
        ("app notin (db)", true),
        ("app notin (web,db)", false),
        ("gone notin (x)", true),
        ("empty in (,x)", true),
        ("empty in ()", true),
        ("app", true),
        ("gone", false),
        ("!gone", true),
        ("! app", false),
        ("app=web,tier", true),
        ("app=web,!tier", false),
        ("tier=in", false),
    ] {
        let selector: Selector = text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(selector.matches(&web), expected, "{text:?}");
        assert_eq!(selector.to_string().parse::<Selector>().unwrap(), selector, "{text:?} displayed as {selector}");
    }
    assert!("".parse::<Selector>().unwrap().is_empty());
    assert!("hostvip.dev/pool=edge".parse::<Selector>().unwrap().matches(&labels(&[("hostvip.dev/pool", "edge")])));
}

#[test]
fn errors_name_the_part_at_fault() {
    let long = "a".repeat(64);
    for (text, expected) in [
        (",a", "a label key expected, found \",\" in the label selector \",a\""),
        ("a,", "a label key expected, found the end in the label selector \"a,\""),
        ("a b", "'=', '!=', 'in', 'notin', ',' or the end expected, found \"b\" in the label selector \"a b\""),
        ("a=b c", "',' or the end expected, found \"c\" in the label selector \"a=b c\""),
        ("a==b==c", "',' or the end expected, found \"==\" in the label selector \"a==b==c\""),
        ("a>1", "'=', '!=', 'in', 'notin', ',' or the end expected, found \">\" in the label selector \"a>1\""),
        ("a=!b", "a label value expected, found \"!\" in the label selector \"a=!b\""),
        ("a in b", "'(' expected, found \"b\" in the label selector \"a in b\""),
        ("a in (b", "',' or ')' expected, found the end in the label selector \"a in (b\""),
        ("a in (b c)", "',' or ')' expected, found \"c\" in the label selector \"a in (b c)\""),
        ("in (a)", "a label key expected, found \"in\" in the label selector \"in (a)\""),
        ("-a", "\"-a\" is no label key: at most 63 letters"),
        ("Bad.Prefix/a", "\"Bad.Prefix/a\" is no label key: the part before '/'"),
        ("/a", "\"/a\" is no label key: the part before '/'"),
        ("a/b/c", "\"a/b/c\" is no label key"),
        ("a=b/c", "\"b/c\" is no value of label a: at most 63"),
        ("a=ü", "\"ü\" is no value of label a"),
        (&long, "is no label key"),
        (&format!("a={long}"), "is no value of label a"),
    ] {
        let error = text.parse::<Selector>().unwrap_err().to_string();
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_what_parses_displays_the_same(text in "[ab=!(),<> inot/.é-]{0,20}|(a|b|x/y) (in|notin) [(]a?,?b?[)](,!?c=?d?)?|.{0,12}") {
        if let Ok(selector) = text.parse::<Selector>() {
            prop_assert_eq!(selector.to_string().parse::<Selector>().unwrap(), selector);
        }
    }

    #[test]
    fn not_in_is_the_opposite_of_in(key in "[ab]", values in proptest::collection::btree_set("[xyz]?", 1..3), have in proptest::option::of("[xyz]?")) {
        let object: Labels = have.into_iter().map(|value| ("a".to_owned(), value)).collect::<BTreeMap<_, _>>().into();
        let list = values.into_iter().collect::<Vec<_>>().join(",");
        let matches = |text: String| text.parse::<Selector>().unwrap().matches(&object);
        prop_assert_eq!(matches(format!("{key} in ({list})")), !matches(format!("{key} notin ({list})")));
    }
}
