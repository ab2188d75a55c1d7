//! Directives and blocks, with what they include put in their place. Every directive has its item in the ledger.

pub(super) use crate::import::directive::Directive;
use crate::import::fault::Fault;
use crate::import::files::{Budget, Input};
use crate::import::finding::{Ledger, Place};

use super::lexer::{Lexer, Token};

/// nginx's own files nest four or five deep.
const DEPTH_MOST: usize = 32;
/// Files that include files that include files.
const INCLUDES_DEEP: usize = 8;
/// All files together.
const DIRECTIVES_MOST: usize = 50_000;

pub(super) fn read(input: &Input, ledger: &mut Ledger) -> Result<Vec<Directive>, Fault> {
    let budget = Budget::new();
    let mut reader = Reader { ledger, budget: &budget, directives: 0 };
    reader.file(input, 0)
}

struct Reader<'l> {
    ledger: &'l mut Ledger,
    budget: &'l Budget,
    directives: usize,
}

impl Reader<'_> {
    fn file(&mut self, input: &Input, deep: usize) -> Result<Vec<Directive>, Fault> {
        let mut lexer = Lexer::new(&input.name, &input.text);
        self.block(&mut lexer, input, (0, deep), None)
    }

    /// Up to the brace that closes it, or to the end of the file.
    fn block(
        &mut self,
        lexer: &mut Lexer<'_>,
        input: &Input,
        (depth, deep): (usize, usize),
        opened: Option<&Place>,
    ) -> Result<Vec<Directive>, Fault> {
        let mut directives = Vec::new();
        loop {
            match (lexer.token()?, opened) {
                (None, None) | (Some((Token::Close, _)), Some(_)) => return Ok(directives),
                (None, Some(opened)) => {
                    return Err(Fault::at(opened, "this block is not closed").remedy("add a `}`"));
                }
                (Some((Token::Close, place)), None) => {
                    return Err(Fault::at(&place, "this `}` closes nothing").remedy("take it away"));
                }
                (Some((Token::Semicolon, _)), _) => {}
                (Some((Token::Open, place)), _) => {
                    return Err(Fault::at(&place, "a block without a name"));
                }
                (Some((Token::Word(name), place)), _) => {
                    let directive = self.directive(lexer, input, (depth, deep), name, place)?;
                    match directive.name.as_str() {
                        "include" => directives.extend(self.included(directive, input, deep)?),
                        _ => directives.push(directive),
                    }
                }
            }
        }
    }

    fn directive(
        &mut self,
        lexer: &mut Lexer<'_>,
        input: &Input,
        (depth, deep): (usize, usize),
        name: String,
        place: Place,
    ) -> Result<Directive, Fault> {
        self.directives += 1;
        if self.directives > DIRECTIVES_MOST {
            return Err(Fault::at(&place, format!("more than {DIRECTIVES_MOST} directives")));
        }
        let mut args = Vec::new();
        loop {
            let block = match lexer.token()? {
                Some((Token::Word(word), _)) => {
                    args.push(word);
                    continue;
                }
                Some((Token::Semicolon, _)) => None,
                Some((Token::Open, _)) if depth >= DEPTH_MOST => {
                    return Err(Fault::at(&place, format!("blocks nest more than {DEPTH_MOST} deep")));
                }
                Some((Token::Open, _)) if name.ends_with("_by_lua_block") => {
                    lexer.skip_block()?;
                    Some(Vec::new())
                }
                Some((Token::Open, opened)) => {
                    let item = self.ledger.open(place, &spelled(&name, &args));
                    let block = self.block(lexer, input, (depth + 1, deep), Some(&opened))?;
                    return Ok(Directive { name, args, block: Some(block), item });
                }
                Some((Token::Close, _)) | None => {
                    return Err(
                        Fault::at(&place, format!("`{name}` does not end")).remedy("add a `;` behind it")
                    );
                }
            };
            let item = self.ledger.open(place, &spelled(&name, &args));
            return Ok(Directive { name, args, block, item });
        }
    }

    /// What an `include` brings, or the include itself where it brings nothing.
    fn included(&mut self, include: Directive, input: &Input, deep: usize) -> Result<Vec<Directive>, Fault> {
        let place = self.ledger.place(include.item).clone();
        if deep >= INCLUDES_DEEP {
            return Err(Fault::at(&place, format!("files include files more than {INCLUDES_DEEP} deep")));
        }
        let pattern = include.arg(0);
        if pattern.ends_with("mime.types") || pattern.ends_with("_params") {
            self.ledger.unneeded(
                include.item,
                "types and parameters of files and gateways, which onedoor does not serve",
            );
            return Ok(Vec::new());
        }
        if pattern.contains("modules-enabled") {
            self.ledger.unneeded(include.item, "nginx's own modules");
            return Ok(Vec::new());
        }
        let files = input.included(pattern, self.budget)?;
        match (files.len(), pattern.contains('*')) {
            (0, true) => self
                .ledger
                .missing(include.item, "no such file is here: give its files after --from nginx, too"),
            (0, false) => self.ledger.missing(
                include.item,
                "it is not here and could not be read: give it after --from nginx, too",
            ),
            (1, _) => self.ledger.converted(include.item, "read as if it stood here"),
            (read, _) => {
                self.ledger.converted(include.item, format!("{read} files are read as if they stood here"))
            }
        }
        let mut directives = Vec::new();
        for file in files {
            directives.extend(self.file(&file, deep + 1)?);
        }
        Ok(directives)
    }
}

fn spelled(name: &str, args: &[String]) -> String {
    [name].into_iter().chain(args.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}
