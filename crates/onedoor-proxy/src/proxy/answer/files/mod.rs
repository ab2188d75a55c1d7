//! `static`: a file as the answer. Look, judge what the client knows already, send.
//!
//! ```text
//!   path ─▶ look ─▶ a file ──▶ condition ─▶ 200 · 206 · 304 · 412 · 416
//!            │       └── coding, range: what of it
//!            ├────▶ a folder ─▶ 308 to its slash
//!            └────▶ nothing ──▶ Refusal::NoFile
//! ```
//!
//! No worker waits for a disk: what is not in memory is had from a thread that may (docs/decisions/0080).

mod coding;
mod condition;
mod look;
mod media_type;
mod range;
mod send;

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use httpdate::HttpDate;
use onedoor_http1::Method;
use onedoor_linux::folder::Patience;

use self::coding::Accepted;
use self::condition::{Validators, Verdict};
use self::look::{Look, Missing, Opened, Role, Seen};
use self::send::Reader;
use crate::observe::log::Level;
use crate::proxy::access_log::Record;
use crate::proxy::deadline::Deadline;
use crate::proxy::downstream::ReplyLength;
use crate::proxy::inbound::{Head, Inbound, ReplySink};
use crate::proxy::plan::{Scratch, Wanted};
use crate::proxy::refusal::{Failed, Refusal};
use crate::proxy::relay::copy::to_client;
use crate::proxy::route::{Files, Siblings};
use crate::proxy::worker::Worker;

/// Kept by whoever likes, and never used unasked: what a file without a name of its own for each version needs.
const ASK_AGAIN: &str = "no-cache";

/// Where a folder is asked for without its slash.
pub(in crate::proxy) const FOLDER_STATUS: u16 = 308;

/// Answers with a file.
pub(in crate::proxy) async fn serve(
    worker: &Worker,
    inbound: &mut Inbound<'_>,
    wanted: &Wanted<'_>,
    scratch: &Scratch,
    deadline: &Deadline,
    record: &mut Record,
) -> Result<(), Failed> {
    wanted.is_asked_by(inbound.head)?;
    let path = &scratch.target[..];
    let answer = FileAnswer { worker, head: inbound.head, files: wanted.files, deadline };
    match answer.seen(wanted, path).await {
        Ok(Seen::File(opened)) => answer.with(opened, &mut inbound.reply, record).await,
        Ok(Seen::Folder) => {
            record.status = FOLDER_STATUS;
            answer.with_slash(&wanted.with_slash(inbound.head, scratch), &mut inbound.reply).await
        }
        Ok(Seen::Nothing(missing)) => Err(answer.nothing(missing, path).into()),
        Err(error) => Err(Refusal::FileUnreadable { why: format!("{}: {error}", answer.shown(path)) }.into()),
    }
}

/// One request's answer.
struct FileAnswer<'a> {
    worker: &'a Worker,
    head: Head<'a>,
    files: &'a Arc<Files>,
    deadline: &'a Deadline,
}

impl FileAnswer<'_> {
    async fn seen(&self, wanted: &Wanted<'_>, path: &[u8]) -> io::Result<Seen> {
        let accepted = match self.files.siblings {
            Siblings::Sent => Accepted::of(condition::lines(self.head, "accept-encoding")),
            Siblings::Ignored => Accepted::default(),
        };
        let name = wanted.name;
        match (Look { files: self.files, path, name, accepted, patience: Patience::None }).see() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            seen => return seen,
        }
        let (files, path) = (Arc::clone(self.files), path.to_vec());
        let at_most = self.worker.config().timeouts.body;
        send::waiting(self.deadline, at_most, move || {
            Look { files: &files, path: &path, name, accepted, patience: Patience::Waits }.see()
        })
        .await?
    }

    /// `frontend/dist/a.js`, for the log.
    fn shown(&self, path: &[u8]) -> String {
        format!("{}/{}", self.files.written.trim_end_matches('/'), String::from_utf8_lossy(path))
    }

    fn nothing(&self, missing: Missing, path: &[u8]) -> Refusal {
        let why = match missing {
            Missing::Root => {
                let folder = self.files.folder.display();
                if self.worker.may_tell() {
                    let text =
                        format!("a route serves files, and there is no folder {folder}: it answers 404");
                    self.worker.log().event(Level::Warn, None, text);
                }
                format!("there is no folder {folder}")
            }
            Missing::File => format!("there is no file {}", self.shown(path)),
            Missing::Hidden => "a hidden name, or one that no file has".to_owned(),
            Missing::Withheld(why) => format!("{} is not served: {why}", self.shown(path)),
        };
        Refusal::NoFile { why }
    }

    async fn with_slash(&self, location: &[u8], reply: &mut ReplySink<'_>) -> Result<(), Failed> {
        super::stage(self.worker, FOLDER_STATUS, reply);
        reply.field(b"Location", location);
        // Else a browser would remember for ever that there was a folder.
        reply.field(b"Cache-Control", ASK_AGAIN.as_bytes());
        self.start(ReplyLength::Exact(0), b"", reply).await
    }

    async fn with(
        &self,
        opened: Opened,
        reply: &mut ReplySink<'_>,
        record: &mut Record,
    ) -> Result<(), Failed> {
        let now = SystemTime::now();
        let length = opened.content.as_ref().map_or(opened.file.length, |content| content.len() as u64);
        let validators = match &opened.content {
            Some(content) => Validators::of_content(content, &opened.file, now),
            None => Validators::of_inode(&opened.file, now),
        };
        let verdict = match opened.role {
            Role::Named | Role::App => validators.judge(self.head, length),
            Role::NotFound => Verdict::Whole,
        };
        let (status, first, send) = match verdict {
            Verdict::Whole if opened.role == Role::NotFound => (404, 0, length),
            Verdict::Whole => (200, 0, length),
            Verdict::Part(part) => (206, part.first, part.length()),
            Verdict::Known => (304, 0, 0),
            Verdict::Changed => (412, 0, 0),
            Verdict::Beyond => (416, 0, 0),
        };
        record.status = status;
        super::stage(self.worker, status, reply);
        self.describe(&opened, &validators, verdict, reply);
        match verdict {
            Verdict::Known => self.start(ReplyLength::NoBody { declared: None }, b"", reply).await,
            Verdict::Beyond => {
                reply.field(b"Content-Range", format!("bytes */{length}").as_bytes());
                self.start(ReplyLength::Exact(0), b"", reply).await
            }
            Verdict::Changed => self.start(ReplyLength::Exact(0), b"", reply).await,
            Verdict::Part(part) => {
                let range = format!("bytes {}-{}/{length}", part.first, part.last);
                reply.field(b"Content-Range", range.as_bytes());
                self.send(opened, first, send, reply).await
            }
            Verdict::Whole => self.send(opened, first, send, reply).await,
        }
    }

    /// The fields that say what the file is, as far as the status has a use for them (RFC 9110 15.4.5).
    fn describe(
        &self,
        opened: &Opened,
        validators: &Validators,
        verdict: Verdict,
        reply: &mut ReplySink<'_>,
    ) {
        if self.files.siblings == Siblings::Sent {
            // Also where there is no sibling today: there may be one tomorrow.
            reply.field(b"Vary", b"Accept-Encoding");
        }
        if let Verdict::Changed | Verdict::Beyond = verdict {
            return;
        }
        if let Verdict::Whole | Verdict::Part(_) = verdict {
            reply.field(b"Content-Type", opened.media_type.as_bytes());
            // The types come from a table, so there is nothing to guess.
            reply.field(b"X-Content-Type-Options", b"nosniff");
            if let Some(coding) = opened.coding {
                reply.field(b"Content-Encoding", coding.token().as_bytes());
            }
        }
        let cache = match opened.role {
            Role::Named => &*self.files.cache,
            Role::App | Role::NotFound => ASK_AGAIN,
        };
        reply.field(b"Cache-Control", cache.as_bytes());
        if opened.role == Role::NotFound {
            return;
        }
        reply.field(b"Accept-Ranges", b"bytes");
        reply.field(b"ETag", &validators.tag);
        if let Some(modified) = validators.modified {
            reply.field(b"Last-Modified", HttpDate::from(modified).to_string().as_bytes());
        }
    }

    /// Sends `length` bytes from `first` on, as the body of the staged head.
    async fn send(
        &self,
        opened: Opened,
        first: u64,
        length: u64,
        reply: &mut ReplySink<'_>,
    ) -> Result<(), Failed> {
        if self.head.parsed.method() == Method::Head {
            return self.start(ReplyLength::NoBody { declared: Some(length) }, b"", reply).await;
        }
        if let Some(content) = opened.content {
            let from = usize::try_from(first).unwrap_or(usize::MAX).min(content.len());
            let to = usize::try_from(first + length).unwrap_or(usize::MAX).min(content.len());
            return self.start(ReplyLength::Exact(length), &content[from..to], reply).await;
        }
        let mut reader = Reader {
            file: Arc::new(opened.file),
            block: self.worker.blocks().block(),
            deadline: self.deadline,
            patience_max: self.worker.config().timeouts.body,
        };
        let read = match reader.read(first, length).await {
            Ok(0) => Err("it has become shorter".to_owned()),
            Ok(read) => Ok(read as u64),
            Err(error) => Err(error.to_string()),
        };
        // Not committed yet: this can still be said.
        let read = read.map_err(|why| Refusal::FileUnreadable { why })?;
        self.start(ReplyLength::Exact(length), reader.bytes(), reply).await?;
        reader.forget();
        let stall_max = self.worker.config().timeouts.body;
        send::rest(&mut reader, reply, first + read, length - read, stall_max).await?;
        Ok(())
    }

    async fn start(
        &self,
        length: ReplyLength,
        first: &[u8],
        reply: &mut ReplySink<'_>,
    ) -> Result<(), Failed> {
        let stall_max = self.worker.config().timeouts.body;
        Ok(to_client(self.deadline, stall_max, reply.start(length, first)).await?)
    }
}
