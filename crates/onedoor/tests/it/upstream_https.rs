//! The promise: an https upstream is asked by its own name, and believed only with a certificate that proves it.
//! No internet: the servers are ours, and so is their certificate authority.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::kit::{Door, GUARD, Stream, Wire};

/// A certificate authority of our own.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(
            CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate"),
        )
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    fn server_for(&self, name: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a valid name");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider speaks TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("the key fits the certificate");
        Arc::new(config)
    }
}

/// A TLS server: the name that each client asked for, and the connection.
struct TlsUpstream {
    port: u16,
    accepted: Receiver<(Option<String>, Wire)>,
}

impl TlsUpstream {
    fn listen(config: &Arc<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("a listener has an address").port();
        let (tell, accepted) = mpsc::channel();
        let config = Arc::clone(config);
        thread::spawn(move || {
            for mut tcp in listener.incoming().map_while(Result::ok) {
                let mut tls = ServerConnection::new(Arc::clone(&config)).expect("a valid config");
                // A client that does not trust us breaks off here; that is its good right.
                if tls.complete_io(&mut tcp).is_err() || tls.is_handshaking() {
                    continue;
                }
                let name = tls.server_name().map(str::to_owned);
                let below = tcp.try_clone().expect("a socket can be cloned");
                if tell.send((name, Wire::carried_by(Box::new(StreamOwned::new(tls, tcp)), below))).is_err() {
                    return;
                }
            }
        });
        Self { port, accepted }
    }

    fn accept(&self) -> (Option<String>, Wire) {
        self.accepted.recv_timeout(GUARD).expect("nobody connects over TLS")
    }
}

fn file(port: u16, tls: &str) -> String {
    format!(
        "[routes]\n\"/ext/*\" = {{ proxy = \"https://localhost:{port}\", strip = true{tls} }}\n\"/own\" = {{ respond = \"own\" }}\n"
    )
}

#[test]
fn sni_and_host_are_the_upstreams_own_name() {
    let authority = Authority::new();
    let upstream = TlsUpstream::listen(&authority.server_for("localhost"));
    let door = Door::with(&file(upstream.port, ", tls = { ca = \"ca.pem\" }"))
        .file("ca.pem", authority.pem())
        .start();
    let mut client = door.wire();
    client.send("GET /ext/a?b HTTP/1.1\r\nHost: door.test\r\n\r\n");
    let (name, mut peer) = upstream.accept();
    assert_eq!(name.as_deref(), Some("localhost"));
    let request = peer.request();
    assert_eq!(request.target(), "/a?b");
    assert_eq!(request.field("host"), Some(&*format!("localhost:{}", upstream.port)));
    assert_eq!(request.field("x-forwarded-host"), Some("door.test"));
    peer.send("HTTP/1.1 302 Found\r\nLocation: https://elsewhere.test/\r\nContent-Length: 2\r\n\r\nok");
    let response = client.response();
    assert_eq!((response.status(), response.text()), (302, "ok"));
    assert_eq!(response.field("location"), Some("https://elsewhere.test/"));
}

#[test]
fn a_tls_connection_is_kept_and_used_again() {
    let authority = Authority::new();
    let upstream = TlsUpstream::listen(&authority.server_for("localhost"));
    let door = Door::with(&file(upstream.port, ", tls = { ca = \"ca.pem\" }"))
        .file("ca.pem", authority.pem())
        .start();
    let mut client = door.wire();
    client.send("GET /ext/1 HTTP/1.1\r\nHost: a\r\n\r\n");
    let (_, mut peer) = upstream.accept();
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
    assert_eq!(client.response().text(), "1");
    client.send("GET /ext/2 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(peer.request().target(), "/2");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
    assert_eq!(client.response().text(), "2");
}

/// The external route answers 502, the log says why, and the other route is unhurt.
fn is_refused(door: &Door, cause: &str) {
    assert_eq!(door.fetch("/ext/x").status(), 502);
    assert_eq!(door.fetch("/own").text(), "own");
    let wanted = |line: &str| line.contains("502") && line.to_lowercase().contains(cause);
    door.line(Stream::Stdout, wanted);
}

#[test]
fn a_certificate_of_an_unknown_authority_is_502_with_the_cause_in_the_log() {
    let upstream = TlsUpstream::listen(&Authority::new().server_for("localhost"));
    is_refused(&Door::start(&file(upstream.port, "")), "certificate");
}

#[test]
fn a_certificate_of_another_authority_than_the_files_is_502() {
    let upstream = TlsUpstream::listen(&Authority::new().server_for("localhost"));
    let other = Authority::new().pem();
    is_refused(
        &Door::with(&file(upstream.port, ", tls = { ca = \"ca.pem\" }")).file("ca.pem", other).start(),
        "certificate",
    );
}

#[test]
fn a_certificate_for_another_name_is_502() {
    let authority = Authority::new();
    let upstream = TlsUpstream::listen(&authority.server_for("other.test"));
    let file = file(upstream.port, ", tls = { ca = \"ca.pem\" }");
    is_refused(&Door::with(&file).file("ca.pem", authority.pem()).start(), "certificate");
}

#[test]
fn a_server_that_speaks_no_tls_is_502() {
    let plain = crate::kit::Upstream::blurting("HTTP/1.1 400 Bad Request\r\n\r\n");
    is_refused(&Door::start(&file(plain, "")), "tls");
}
