//! Directives and blocks, with the snippets and files they import put in their place. Every directive has its item in
//! the ledger, one for all the sites that import it.

use std::collections::BTreeMap;

pub(super) use crate::import::directive::Directive;
use crate::import::fault::Fault;
use crate::import::files::{Budget, Input};
use crate::import::finding::{Item, Ledger, Place};

use super::lexer::{self, End, Line};

const DEPTH_MOST: usize = 32;
/// Snippets that import snippets that import files.
const IMPORTS_DEEP: usize = 8;
/// With all that is imported, as often as it is.
const DIRECTIVES_MOST: usize = 20_000;

/// A directive as it is written.
#[derive(Clone, Debug)]
struct Raw {
    words: Vec<String>,
    block: Option<Vec<Self>>,
    place: Place,
}

/// What a file consists of: options (no name), and sites named by their addresses.
pub(super) fn read(input: &Input, ledger: &mut Ledger) -> Result<Vec<Directive>, Fault> {
    let budget = Budget::new();
    let mut reader =
        Reader { ledger, budget: &budget, snippets: BTreeMap::new(), items: BTreeMap::new(), directives: 0 };
    let raws = reader.top(raws(input)?);
    let directives = reader.expand(&raws, &[], input, 0)?;
    reader.settle_snippets();
    Ok(directives)
}

fn raws(input: &Input) -> Result<Vec<Raw>, Fault> {
    let mut lines = lexer::lines(&input.name, &input.text)?.into_iter();
    block(&mut lines, 0, None)
}

fn block(
    lines: &mut impl Iterator<Item = Line>,
    depth: usize,
    opened: Option<&Place>,
) -> Result<Vec<Raw>, Fault> {
    let mut raws = Vec::new();
    loop {
        let line = match (lines.next(), opened) {
            (None, None) => return Ok(raws),
            (None, Some(opened)) => {
                return Err(Fault::at(opened, "this block is not closed").remedy("add a `}`"));
            }
            (Some(line), _) => line,
        };
        let block = match (line.end, opened) {
            (End::Plain, _) => None,
            (End::Close, Some(_)) => return Ok(raws),
            (End::Close, None) => {
                return Err(Fault::at(&line.place, "this `}` closes nothing").remedy("take it away"));
            }
            (End::Open, _) if depth >= DEPTH_MOST => {
                return Err(Fault::at(&line.place, format!("blocks nest more than {DEPTH_MOST} deep")));
            }
            (End::Open, _) => Some(block(lines, depth + 1, Some(&line.place))?),
        };
        raws.push(Raw { words: line.words, block, place: line.place });
    }
}

struct Snippet {
    raws: Vec<Raw>,
    place: Place,
    is_used: bool,
}

struct Reader<'l> {
    ledger: &'l mut Ledger,
    budget: &'l Budget,
    snippets: BTreeMap<String, Snippet>,
    items: BTreeMap<(String, usize, String), Item>,
    directives: usize,
}

impl Reader<'_> {
    /// Puts the snippets aside, and gives a file without braces those of its one site.
    fn top(&mut self, raws: Vec<Raw>) -> Vec<Raw> {
        let mut kept: Vec<Raw> = Vec::new();
        let mut raws = raws.into_iter();
        while let Some(raw) = raws.next() {
            let name = raw.words.first().map_or("", String::as_str);
            if let (Some(name), Some(block)) =
                (name.strip_prefix('(').and_then(|name| name.strip_suffix(')')), &raw.block)
            {
                let snippet = Snippet { raws: block.clone(), place: raw.place.clone(), is_used: false };
                self.snippets.insert(name.to_owned(), snippet);
                continue;
            }
            if raw.block.is_none() && name != "import" {
                let block = Some(raws.by_ref().collect());
                kept.push(Raw { block, ..raw });
                continue;
            }
            kept.push(raw);
        }
        kept
    }

    fn item(&mut self, place: &Place, what: &str) -> Item {
        let key = (place.file.to_string(), place.line, what.to_owned());
        match self.items.get(&key) {
            Some(item) => *item,
            None => {
                let item = self.ledger.open(place.clone(), what);
                self.items.insert(key, item);
                item
            }
        }
    }

    fn expand(
        &mut self,
        raws: &[Raw],
        args: &[String],
        input: &Input,
        deep: usize,
    ) -> Result<Vec<Directive>, Fault> {
        let mut directives = Vec::new();
        for raw in raws {
            self.directives += 1;
            if self.directives > DIRECTIVES_MOST {
                let fact = format!("more than {DIRECTIVES_MOST} directives, with all that is imported");
                return Err(Fault::at(&raw.place, fact));
            }
            let words = filled(&raw.words, args);
            let item = self.item(&raw.place, &shown(&words));
            let mut words = words.into_iter();
            let (name, words) = (words.next().unwrap_or_default(), words.collect::<Vec<_>>());
            if name == "import" {
                directives.extend(self.imported(raw, &words, item, input, deep)?);
                continue;
            }
            let block = match &raw.block {
                Some(block) => Some(self.expand(block, args, input, deep)?),
                None => None,
            };
            directives.push(Directive { name, args: words, block, item });
        }
        Ok(directives)
    }

    fn imported(
        &mut self,
        raw: &Raw,
        words: &[String],
        item: Item,
        input: &Input,
        deep: usize,
    ) -> Result<Vec<Directive>, Fault> {
        if deep >= IMPORTS_DEEP {
            return Err(Fault::at(&raw.place, format!("imports nest more than {IMPORTS_DEEP} deep")));
        }
        let Some((name, args)) = words.split_first() else {
            self.ledger.missing(item, "it names nothing");
            return Ok(Vec::new());
        };
        if raw.block.is_some() {
            self.ledger.missing(item, "the block it passes on ({block}) is not put in: write it out");
        }
        if let Some(snippet) = self.snippets.get_mut(name) {
            snippet.is_used = true;
            let raws = snippet.raws.clone();
            self.ledger.converted(item, "read as if it stood here");
            return self.expand(&raws, args, input, deep + 1);
        }
        let files = input.included(name, self.budget)?;
        if files.is_empty() {
            let how = "no such snippet or file is here: give its file after --from caddy, too";
            self.ledger.missing(item, how);
            return Ok(Vec::new());
        }
        self.ledger.converted(item, "read as if it stood here");
        let mut directives = Vec::new();
        for file in files {
            let raws = self.snippets_apart(raws(&file)?);
            directives.extend(self.expand(&raws, args, &file, deep + 1)?);
        }
        Ok(directives)
    }

    /// The same for an imported file, which may be one of directives.
    fn snippets_apart(&mut self, raws: Vec<Raw>) -> Vec<Raw> {
        let is_snippet = |raw: &Raw| raw.words.first().is_some_and(|name| name.starts_with('('));
        let (snippets, kept): (Vec<Raw>, Vec<Raw>) = raws.into_iter().partition(is_snippet);
        drop(self.top(snippets));
        kept
    }

    fn settle_snippets(self) {
        for (name, snippet) in self.snippets {
            let item = self.ledger.open(snippet.place, &format!("({name})"));
            match snippet.is_used {
                true => self.ledger.converted(item, "where it is imported"),
                false => self.ledger.unneeded(item, "nobody imports it"),
            }
        }
    }
}

/// As reports show it: a password's hash is nobody's business.
fn shown(words: &[String]) -> String {
    let is_hash = |word: &str| word.starts_with("$2") || word.starts_with("$argon2");
    let told = |word: &String| if is_hash(word) { "…".to_owned() } else { word.clone() };
    match words {
        [] => "{ options }".to_owned(),
        words => words.iter().map(told).collect::<Vec<_>>().join(" "),
    }
}

/// Arguments made of arguments made of arguments: longer ones are left as they are.
const WORDS_MOST: usize = 1_000;
const LETTERS_MOST: usize = 1 << 20;

/// `{args[0]}`, `{args.0}` and `{args[:]}`.
fn filled(words: &[String], args: &[String]) -> Vec<String> {
    if args.is_empty() {
        return words.to_vec();
    }
    let mut made = Vec::with_capacity(words.len());
    for word in words {
        if word == "{args[:]}" && made.len() < WORDS_MOST {
            made.extend(args.iter().cloned());
            continue;
        }
        let mut word = word.clone();
        let is_short = |word: &String, arg: &String| word.len().saturating_mul(arg.len()) < LETTERS_MOST;
        for (at, arg) in args.iter().enumerate().filter(|_| word.contains("{args")).collect::<Vec<_>>() {
            if !is_short(&word, arg) {
                continue;
            }
            word = word.replace(&format!("{{args[{at}]}}"), arg).replace(&format!("{{args.{at}}}"), arg);
        }
        made.push(word);
    }
    made
}
