//! What the whole way of a request promises, driven with real sockets in this process: a worker on a thread of the
//! test's, a client and an upstream on threads of their own.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use onedoor_linux::allocations;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::oneshot;

use super::accept;
use super::config::{Config, Listen, UpstreamSpec};
use super::door::Door;
use super::listen::bind_all;
use super::route::{
    Action, Balance, EncodedSlashPolicy, FixedAnswer, LineLimits, Pattern, Rewrite, RoutePolicy, RouteSpec,
    Routes, UpstreamHost, UpstreamId, WhileDown,
};
use super::upstream::tls::Connectors;
use super::worker::Worker;
use crate::observe::log::Log;
use crate::registry::{
    AppId, Availability, EndpointAddr, EndpointId, EndpointSpec, Registry, Weight, WorkerId,
};

const REQUESTS: usize = 100;

#[test]
fn a_plain_request_allocates_nothing_once_its_worker_is_warm() {
    for path in ["/proxied/a", "/app/a", "/fixed"] {
        assert_eq!(allocations_of(path, None), 0, "in {REQUESTS} requests for {path}");
    }
}

#[test]
fn a_request_for_an_app_with_a_cap_and_room_allocates_nothing_either() {
    assert_eq!(allocations_of("/app/a", NonZeroU32::new(2)), 0, "in {REQUESTS} requests");
}

/// What a worker's thread allocates for [`REQUESTS`] over one connection, after as many that do not count.
fn allocations_of(path: &'static str, cap: Option<NonZeroU32>) -> u64 {
    let upstream = upstream();
    let listen = [Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))];
    let doorways = bind_all(&listen).unwrap();
    let port = doorways[0].port;
    let (registry, publishers) = Registry::new(&[("app".into(), Weight::Optional)], 1);
    let spec = EndpointSpec {
        id: EndpointId(1),
        slot: 0,
        addr: EndpointAddr::Tcp(upstream),
        generation: 1,
        idle_max: Duration::from_secs(60),
    };
    let endpoint = publishers[0].endpoint(spec, cap);
    publishers[0].publish(Availability::Ready { endpoints: [Arc::new(endpoint)].into() });
    let connectors = Connectors::new(&[]).unwrap();
    let door = Arc::new(Door::new(config(upstream), doorways, registry, Log::to_nowhere(), connectors));
    let runtime =
        Builder::new_current_thread().enable_io().enable_time().build_local(LocalOptions::default()).unwrap();
    let (warm, is_warm) = oneshot::channel();
    let (done, is_done) = oneshot::channel();
    let (go, may_go) = sync_channel(1);
    let client = std::thread::spawn(move || {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        ask(&mut stream, path);
        warm.send(()).unwrap();
        may_go.recv().unwrap();
        ask(&mut stream, path);
        done.send(()).unwrap();
    });
    let made = runtime.block_on(async {
        let worker = Worker::new(Arc::clone(&door), WorkerId(0));
        let counted = async {
            is_warm.await.unwrap();
            let before = allocations::made_by_this_thread();
            go.send(()).unwrap();
            is_done.await.unwrap();
            allocations::made_by_this_thread() - before
        };
        tokio::select! {
            () = worker.keep_house() => unreachable!("a house is kept for ever"),
            ended = accept::run(&worker) => panic!("the worker ended: {ended:?}"),
            made = counted => made,
        }
    });
    client.join().unwrap();
    made
}

/// Sends one request after the other and reads each answer.
fn ask(stream: &mut TcpStream, path: &str) {
    let request =
        format!("GET {path}?q=1 HTTP/1.1\r\nHost: door.test\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n");
    for _ in 0..REQUESTS {
        stream.write_all(request.as_bytes()).unwrap();
        let answer = read_until(stream, b"\r\n\r\nhello");
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    }
}

/// A server that says hello to everybody who asks, on one connection at a time.
fn upstream() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            while !read_until(&mut stream, b"\r\n\r\n").is_empty() {
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nServer: test\r\nContent-Length: 5\r\n\r\nhello")
                    .unwrap();
            }
        }
    });
    address
}

/// Reads a message that ends so; nothing once the other side has left.
fn read_until(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let (mut message, mut piece) = (Vec::new(), [0; 4096]);
    while !message.ends_with(end) {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return Vec::new(),
            Ok(count) => message.extend_from_slice(&piece[..count]),
        }
    }
    message
}

fn config(upstream: SocketAddr) -> Config {
    Config::plain(routes(), vec![UpstreamSpec::plain(&upstream.ip().to_string(), upstream.port())])
}

fn routes() -> Routes {
    let host = UpstreamHost::Keep;
    let proxied = Pattern::parse("/proxied/*").unwrap();
    let rewrite = Rewrite::strip(&proxied).unwrap();
    let fixed = FixedAnswer {
        status: 200,
        fields: vec![("Content-Type".into(), "text/plain".into())],
        body: (*b"hello").into(),
    };
    let specs = [
        (proxied, Action::Proxy { upstream: UpstreamId(0), host: host.clone(), rewrite }),
        (Pattern::parse("/app/*").unwrap(), Action::App { app: AppId(0), host, rewrite: Rewrite::keep() }),
        (Pattern::parse("/fixed").unwrap(), Action::Respond(fixed)),
    ];
    let policy = RoutePolicy {
        body_max: None,
        encoded_slash: EncodedSlashPolicy::Keep,
        while_down: WhileDown::Refuse,
        line: LineLimits { at_most: Duration::ZERO, length_max: 0 },
        balance: Balance::RoundRobin,
    };
    let spec = |(pattern, action): (Pattern, Action)| {
        let route = super::route::Route {
            name: pattern.written().into(),
            place: "test:1".into(),
            action,
            policy: policy.clone(),
        };
        RouteSpec { pattern, when: super::route::When::default(), priority: 0, route }
    };
    Routes::build(specs.into_iter().map(spec).collect()).unwrap()
}
