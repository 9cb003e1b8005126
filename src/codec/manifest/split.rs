//! Cuts a text into YAML documents and block lists into items, by lines alone, before anything is parsed.
//!
//! Sound because YAML forbids `---` and `...` at the start of a line inside any document (YAML 1.2.2 §9.1.2), and because
//! everything inside an item of a block sequence stands further to the right than the dash (§8.2.1).

/// A piece of a text.
#[derive(Clone, Debug)]
pub(super) struct Chunk<'a> {
    /// The piece.
    pub(super) text: &'a str,
    /// Line of its first line in the whole text, from 1.
    pub(super) line: usize,
}

/// A list document, taken apart.
pub(super) struct List<'a> {
    /// The document with blank lines in place of the items: line numbers stay.
    pub(super) head: String,
    /// The items, each beginning with its dash.
    pub(super) items: Vec<Chunk<'a>>,
}

impl<'a> Chunk<'a> {
    /// The part after a `---` line.
    pub(super) fn body(&self) -> &'a str {
        self.text.strip_prefix("---").unwrap_or(self.text).trim_start()
    }

    /// Kubernetes, too, reads as JSON whatever begins with a brace.
    pub(super) fn is_json(&self) -> bool {
        self.body().starts_with(['{', '['])
    }

    /// Line of the first content, from 1.
    pub(super) fn content_line(&self) -> usize {
        self.line + self.text.lines().take_while(|line| is_void(line)).count()
    }

    /// An item without its dash: the mapping inside it.
    pub(super) fn without_dash(&self) -> String {
        self.text.replacen('-', " ", 1)
    }
}

/// The documents of a text; those of nothing but blank lines, comments and directives are left out.
pub(super) fn documents(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    let (mut rest, mut line) = (text, 1);
    let next = move || {
        if rest.is_empty() {
            return None;
        }
        let (mut end, mut lines) = (0, 0);
        for each in rest.split_inclusive('\n') {
            if lines > 0 && is_marker(each, "---") {
                break;
            }
            end += each.len();
            lines += 1;
            if is_marker(each, "...") {
                break;
            }
        }
        let chunk = Chunk { text: &rest[..end], line };
        rest = &rest[end..];
        line += lines;
        Some(chunk)
    };
    std::iter::from_fn(next).filter(|chunk| !chunk.text.lines().all(is_void))
}

/// Takes a document apart that has a block sequence under a top-level `items:`. None: it has none.
pub(super) fn list<'a>(document: &Chunk<'a>) -> Option<List<'a>> {
    let (mut offset, mut line) = (0, document.line);
    let mut head = String::new();
    let mut items: Vec<(usize, usize, usize)> = Vec::new();
    let mut indent = None;
    let mut inside = false;
    for each in document.text.split_inclusive('\n') {
        let (start, at) = (offset, line);
        offset += each.len();
        line += 1;
        if !inside && indent.is_none() && is_key(each, "items:") {
            inside = true;
        } else if inside && !is_void(each) {
            let depth = each.len() - each.trim_start_matches(' ').len();
            let dash = is_marker(&each[depth..], "-");
            if depth == 0 && !dash {
                inside = false;
            } else if dash && depth == *indent.get_or_insert(depth) {
                items.push((start, offset, at));
            } else {
                // What stands before the first dash is no item: leave the document to the parser.
                items.last_mut()?.1 = offset;
            }
        } else if let (true, Some(item)) = (inside, items.last_mut()) {
            item.1 = offset;
        }
        head.push_str(if inside && !items.is_empty() { "\n" } else { each });
    }
    let items: Vec<_> = items.into_iter().map(|(start, end, line)| Chunk { text: &document.text[start..end], line }).collect();
    (!items.is_empty()).then_some(List { head, items })
}

/// A line that is `marker`, alone or followed by white space.
fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// A line that is a top-level key without a value.
fn is_key(line: &str, key: &str) -> bool {
    line.strip_prefix(key).is_some_and(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('#'))
}

/// A line without content: blank, comment, directive or marker.
fn is_void(line: &str) -> bool {
    let line = line.trim_end();
    line.is_empty() || line.trim_start().starts_with('#') || line.starts_with('%') || line == "---" || line == "..."
}
