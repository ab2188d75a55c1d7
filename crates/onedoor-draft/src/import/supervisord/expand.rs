//! supervisord's own expansion, Python's `%`: `%(program_name)s`, `%(process_num)02d`, `%(ENV_HOME)s`, `%%`.

/// What stands for the names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'n> {
    pub(super) program: &'n str,
    pub(super) number: i64,
    pub(super) processes: i64,
}

/// The text with its names filled in. The error is the name that nobody knows.
pub(super) fn expand(text: &str, names: Names<'_>) -> Result<String, String> {
    let mut made = String::with_capacity(text.len());
    let mut left = text;
    while let Some((before, after)) = left.split_once('%') {
        made.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            made.push('%');
            left = after;
            continue;
        }
        let Some((name, after)) = after.strip_prefix('(').and_then(|inside| inside.split_once(')')) else {
            made.push('%');
            left = after;
            continue;
        };
        let digits = after.len() - after.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let (width, after) = after.split_at(digits);
        let after = after.strip_prefix(['s', 'd', 'i']).unwrap_or(after);
        made.push_str(&one(name, width, names)?);
        left = after;
    }
    made.push_str(left);
    Ok(made)
}

fn one(name: &str, width: &str, names: Names<'_>) -> Result<String, String> {
    /// No number of a process is wider.
    const WIDTH_MOST: usize = 9;
    Ok(match name {
        "program_name" | "group_name" => names.program.to_owned(),
        "numprocs" => names.processes.to_string(),
        "process_num" => {
            let digits = width.trim_start_matches('0').parse().unwrap_or(0_usize).min(WIDTH_MOST);
            format!("{:0digits$}", names.number)
        }
        "here" => ".".to_owned(),
        "host_node_name" => "${HOSTNAME}".to_owned(),
        _ => match name.strip_prefix("ENV_") {
            Some(variable) if !variable.is_empty() => format!("${{{variable}}}"),
            _ => return Err(name.to_owned()),
        },
    })
}

/// `A="1",B='2',C=3`, over several lines if need be. The error is the rest that is no pair.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let mut left = text.trim();
    while !left.is_empty() {
        let bad = || left.chars().take(40).collect::<String>();
        let (name, after) = left.split_once('=').ok_or_else(bad)?;
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(bad());
        }
        let after = after.trim_start();
        let (value, after) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => quoted(&after[1..], quote).ok_or_else(bad)?,
            _ => {
                let end = after.find([',', '\n']).unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        found.push((name.to_owned(), value));
        left = after.trim_start_matches(|letter: char| letter == ',' || letter.is_whitespace());
    }
    Ok(found)
}

fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if quote == '"' => match letters.next()?.1 {
                letter @ ('"' | '\\') => value.push(letter),
                letter => value.extend(['\\', letter]),
            },
            letter if letter == quote => return Some((value, &text[at + 1..])),
            letter => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_as_python_does() {
        let names = Names { program: "web", number: 3, processes: 4 };
        for (text, expected) in [
            ("%(program_name)s-%(process_num)02d", Ok("web-03".to_owned())),
            ("--port=80%(process_num)02d", Ok("--port=8003".to_owned())),
            ("%(ENV_HOME)s/x 100%%", Ok("${HOME}/x 100%".to_owned())),
            ("%(nothing)s", Err("nothing".to_owned())),
        ] {
            assert_eq!(expand(text, names), expected, "{text}");
        }
    }

    #[test]
    fn environments_are_read_with_and_without_quotes() {
        let expect = |text: &str, expected: &[(&str, &str)]| {
            let expected: Vec<_> =
                expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!(pairs(text), Ok(expected), "{text}");
        };
        expect("A=\"1\",B=2", &[("A", "1"), ("B", "2")]);
        expect("\nA='x,y',\nB=\"a \\\"q\\\"\"", &[("A", "x,y"), ("B", "a \"q\"")]);
        expect("", &[]);
        assert!(pairs("nonsense").is_err());
        assert!(pairs("A=\"1").is_err());
    }
}
