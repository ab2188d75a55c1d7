//! What `onedoor-draft` writes is a file that `check` accepts: that crate does not know the language, this one does.

use onedoor_draft::samples::{SAMPLES, lay, layouts};
use onedoor_draft::{Conversion, Draft, Entry, Format, Input, Purpose, convert, look};

use crate::config::{Env, Loaded, Paint, check_text};

/// Reads what was written where these variables are set.
fn accepted(what: &str, text: &str, variables: &[&str]) -> Loaded {
    let env = Env::made_of(variables.iter().map(|name| (*name, "given")));
    check_text(text, &env).unwrap_or_else(|errors| panic!("{what}:\n{}\n{text}", errors.render(Paint::Plain)))
}

/// What is written for a folder of these files.
fn drafted(files: &[&str], purpose: Purpose) -> String {
    let folder = tempfile::tempdir().unwrap();
    lay(files, folder.path()).unwrap();
    look(folder.path()).plan.draft(purpose).render()
}

#[test]
fn what_is_written_for_any_layout_is_a_file_without_a_mistake() {
    for layout in layouts() {
        for purpose in [Purpose::Use, Purpose::Development] {
            accepted(layout.name, &drafted(layout.files, purpose), &[]);
        }
    }
}

#[test]
fn a_folder_of_any_name_is_one_that_check_accepts() {
    let text = drafted(&["web/index.html", "${HOME}/index.php", "a\u{1b}[2J\nb/index.php"], Purpose::Use);
    assert_eq!(accepted("odd names", &text, &[]).apps.apps.len(), 2);
}

#[test]
fn a_procfiles_release_is_a_job_and_the_others_are_apps() {
    let procfile = "Procfile=release: python manage.py migrate\nweb: gunicorn shop.wsgi\n\
                    admin_ui: node admin.js --port ${PORT}\nworker: celery -A shop worker\nportal: node x.js $PORTAL\n";
    let loaded = accepted("Procfile", &drafted(&[procfile], Purpose::Use), &[]);
    assert_eq!((loaded.apps.apps.len(), loaded.apps.jobs.len()), (4, 1));
}

#[test]
fn every_sample_becomes_a_file_that_check_accepts() {
    let variables = [
        "DATABASE_URL",
        "PATH",
        "JUPYTER_TOKEN",
        "NGINX_PORT",
        "POSTGRES_PASSWORD",
        "SECRET_KEY",
        "DB_PASSWORD",
        "UPLOADS",
    ];
    for sample in SAMPLES {
        let inputs = sample.inputs().unwrap_or_else(|fault| panic!("{}: {fault}", sample.name));
        let Conversion { draft, .. } =
            convert(&inputs).unwrap_or_else(|fault| panic!("{}: {fault}", sample.name));
        accepted(sample.name, &draft.render(), &variables);
    }
}

#[test]
fn an_empty_file_makes_a_file_that_says_so() {
    for format in Format::ALL {
        let input = Input { name: "file".to_owned(), text: String::new(), folder: None };
        let Ok(Conversion { draft, .. }) = convert(&[(format, vec![input])]) else { continue };
        accepted(format.name(), &draft.render(), &[]);
    }
}

#[test]
fn a_good_draft_passes_check() {
    let mut draft = Draft::default();
    for (name, run, path) in [("python", "uvicorn main:app", "/"), ("node", "node main.js", "/node")] {
        let mut app = Entry::named(name);
        app.note(format!("{name}/main: a reason")).say("dir", name).say("run", run).say("path", path);
        draft.apps.push(app);
    }
    let mut health = Entry::named("/health");
    health.say("builtin", "health");
    draft.routes.push(health);
    assert_eq!(accepted("a draft", &draft.render(), &[]).apps.apps.len(), 2);
}
