//! A directive of nginx or Caddy as it is read: its name, its arguments, what stands in its block, and its item in the
//! ledger. What the words mean is for the reader of each format.

use super::finding::{Item, Ledger, Verdict};

#[derive(Clone, Debug)]
pub(super) struct Directive {
    pub(super) name: String,
    pub(super) args: Vec<String>,
    pub(super) block: Option<Vec<Self>>,
    pub(super) item: Item,
}

impl Directive {
    pub(super) fn arg(&self, at: usize) -> &str {
        self.args.get(at).map_or("", String::as_str)
    }

    pub(super) fn children(&self) -> &[Self] {
        self.block.as_deref().unwrap_or_default()
    }

    /// Settles it and all inside of it, where nobody did.
    pub(super) fn abandon(&self, ledger: &mut Ledger, verdict: &Verdict) {
        if !ledger.is_settled(self.item) {
            ledger.settle(self.item, verdict.clone());
        }
        for child in self.children() {
            child.abandon(ledger, verdict);
        }
    }
}
