//! Traefik's rules: ``Host(`a.example`) && (PathPrefix(`/api`) || Path(`/health`))`` as hosts, paths and methods.

/// One way to match: all of it has to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) hosts: Vec<String>,
    pub(super) paths: Vec<Path>,
    pub(super) methods: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Path {
    Exact(String),
    Prefix(String),
    Regex(String),
}

/// More ways than this are no rule.
const WAYS_MOST: usize = 32;
const DEPTH_MOST: usize = 16;

pub(super) fn parse(text: &str) -> Result<Vec<Way>, String> {
    let mut reader = Reader { rest: text };
    let ways = reader.any(0)?;
    reader.skip();
    if reader.rest.is_empty() { Ok(ways) } else { Err(format!("`{}` is left over", reader.rest)) }
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn takes(&mut self, token: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn any(&mut self, depth: usize) -> Result<Vec<Way>, String> {
        let mut ways = self.all(depth)?;
        while self.takes("||") {
            ways.extend(self.all(depth)?);
        }
        if ways.len() > WAYS_MOST { Err("it has too many cases".to_owned()) } else { Ok(ways) }
    }

    fn all(&mut self, depth: usize) -> Result<Vec<Way>, String> {
        let mut ways = self.one(depth)?;
        while self.takes("&&") {
            let others = self.one(depth)?;
            if ways.len() * others.len() > WAYS_MOST {
                return Err("it has too many cases".to_owned());
            }
            let mut both = Vec::new();
            for way in &ways {
                for other in &others {
                    both.push(way.clone().and(other)?);
                }
            }
            ways = both;
        }
        Ok(ways)
    }

    fn one(&mut self, depth: usize) -> Result<Vec<Way>, String> {
        if depth > DEPTH_MOST {
            return Err("it nests too deep".to_owned());
        }
        if self.takes("(") {
            let ways = self.any(depth + 1)?;
            return if self.takes(")") { Ok(ways) } else { Err("a `(` is not closed".to_owned()) };
        }
        self.skip();
        let end = self.rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        if name.is_empty() {
            return Err("it uses what onedoor has no word for".to_owned());
        }
        if !self.takes("(") {
            return Err(format!("`{name}` has no arguments"));
        }
        let mut args = Vec::new();
        loop {
            if self.takes(")") {
                break;
            }
            self.takes(",");
            self.skip();
            let Some(quote) = self.rest.chars().next().filter(|quote| matches!(quote, '`' | '"' | '\''))
            else {
                return Err(format!("the arguments of `{name}` cannot be read"));
            };
            let Some((arg, rest)) = self.rest[1..].split_once(quote) else {
                return Err(format!("the arguments of `{name}` do not end"));
            };
            args.push(arg.to_owned());
            self.rest = rest;
        }
        way(name, args)
    }
}

fn way(name: &str, args: Vec<String>) -> Result<Vec<Way>, String> {
    let path = |kind: fn(String) -> Path| -> Vec<Way> {
        args.iter().map(|arg| Way { paths: vec![kind(arg.clone())], ..Way::default() }).collect()
    };
    Ok(match name {
        "Host" => vec![Way { hosts: args, ..Way::default() }],
        "Method" => vec![Way { methods: args, ..Way::default() }],
        "Path" => path(Path::Exact),
        "PathPrefix" => path(Path::Prefix),
        "PathRegexp" => path(Path::Regex),
        "HostRegexp" => return Err("onedoor takes a host or *.host, no regex".to_owned()),
        _ => return Err(format!("`{name}` cannot be said in a pattern; `when` may do it")),
    })
}

impl Way {
    fn and(mut self, other: &Self) -> Result<Self, String> {
        let conflicts = |own: bool, theirs: bool| own && theirs;
        if conflicts(!self.hosts.is_empty(), !other.hosts.is_empty())
            || conflicts(!self.paths.is_empty(), !other.paths.is_empty())
        {
            return Err("it asks twice for the same thing".to_owned());
        }
        self.hosts.extend(other.hosts.iter().cloned());
        self.paths.extend(other.paths.iter().cloned());
        self.methods.extend(other.methods.iter().cloned());
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_become_ways_to_match() {
        let shown = |text: &str| match parse(text) {
            Ok(ways) => ways
                .iter()
                .map(|way| format!("{:?}{:?}{:?}", way.hosts, way.paths, way.methods))
                .collect::<Vec<_>>()
                .join(" | "),
            Err(why) => format!("! {why}"),
        };
        for (text, expected) in [
            ("Host(`a.b`)", "[\"a.b\"][][]"),
            ("Host(`a`, `b`) && PathPrefix(`/x`)", "[\"a\", \"b\"][Prefix(\"/x\")][]"),
            (
                "Host(`a`) && (PathPrefix(`/x`) || Path(`/y`))",
                "[\"a\"][Prefix(\"/x\")][] | [\"a\"][Exact(\"/y\")][]",
            ),
            ("Host(`a`) || Host(`b`)", "[\"a\"][][] | [\"b\"][][]"),
            ("Method(`GET`) && Path(`/x`)", "[][Exact(\"/x\")][\"GET\"]"),
            ("!Host(`a`)", "! it uses what onedoor has no word for"),
            ("Headers(`X`, `1`)", "! `Headers` cannot be said in a pattern; `when` may do it"),
            ("Host(`a`", "! the arguments of `Host` cannot be read"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
