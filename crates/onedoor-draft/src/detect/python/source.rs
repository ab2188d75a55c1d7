//! What a Python source says: imports, the variable that holds the app, the module it is.

pub(super) fn imports(text: &str, module: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| {
        let mut words = line.split([' ', '.', ',']);
        matches!(words.next(), Some("import" | "from")) && words.next() == Some(module)
    })
}

/// `app` in `app = FastAPI(`, `app: FastAPI = FastAPI(` at the beginning of a line.
pub(super) fn variable_of(text: &str, made_by: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        let name = name.split(':').next()?.trim_end();
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let value = value.trim_start();
        let value = match value.rsplit_once('.') {
            // `fastapi.FastAPI(`, but not `falcon.App(`.
            _ if value.starts_with(made_by) => value,
            _ => value.split_once('.').map_or(value, |(_, rest)| rest),
        };
        (is_name && value.starts_with(made_by)).then(|| name.to_owned())
    })
}

/// `app/main.py` is `app.main`.
pub(super) fn module_of(name: &str) -> String {
    let name = name.strip_suffix(".py").unwrap_or(name);
    name.strip_suffix("/__init__").unwrap_or(name).replace('/', ".")
}

pub(super) fn is_a_test(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    file.starts_with("test_") || file == "conftest.py" || file == "setup.py"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_that_holds_the_app_is_read_and_not_guessed() {
        for (text, made_by, expected) in [
            ("app = FastAPI()", "FastAPI(", Some("app")),
            ("api: FastAPI = FastAPI(title='x')", "FastAPI(", Some("api")),
            ("server = fastapi.FastAPI()", "FastAPI(", Some("server")),
            ("    app = FastAPI()", "FastAPI(", None),
            ("# app = FastAPI()", "FastAPI(", None),
            ("app = falcon.App()", "falcon.App(", Some("app")),
            ("x.app = Flask(__name__)", "Flask(", None),
            ("app=Flask(__name__)", "Flask(", Some("app")),
            ("app = MyFlask(x)", "Flask(", None),
        ] {
            assert_eq!(variable_of(text, made_by).as_deref(), expected, "{text}");
        }
    }
}
