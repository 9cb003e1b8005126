//! One text for each name, however many objects name it.

use std::collections::HashSet;
use std::sync::Arc;

/// So many names may come before any are forgotten.
const FEW: usize = 1024;

/// Names that objects share.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: HashSet<Arc<str>>,
    /// Known when names were last forgotten.
    left: usize,
}

impl Names {
    /// The one text of `name`.
    pub(super) fn share(&mut self, name: &Arc<str>) -> Arc<str> {
        if let Some(known) = self.known.get(name) {
            return Arc::clone(known);
        }
        // Objects come and go for years; looking only when there are twice as many as were left costs next to nothing.
        if self.known.len() >= 2 * self.left + FEW {
            self.known.retain(|known| Arc::strong_count(known) > 1);
            self.left = self.known.len();
        }
        self.known.insert(Arc::clone(name));
        Arc::clone(name)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{FEW, Names};

    #[test]
    fn names_that_nobody_bears_are_forgotten() {
        let mut names = Names::default();
        let borne = names.share(&Arc::from("node-a"));
        for number in 0..100 * FEW {
            names.share(&Arc::from(format!("job-{number}")));
        }
        assert!(names.known.len() <= 2 * FEW, "{}", names.known.len());
        assert!(Arc::ptr_eq(&borne, &names.share(&Arc::from("node-a"))));
    }
}
