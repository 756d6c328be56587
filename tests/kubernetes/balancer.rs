//! One address for several replicas, as a Service is: new connections go to those that say that they are ready.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How often readiness is asked for; a kubelet asks every two seconds and endpoints follow at once.
const EVERY: Duration = Duration::from_millis(200);

/// A replica: where it answers and where it says whether it is ready.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Backend {
    /// The webhooks.
    pub port: u16,
    /// The probes.
    pub admin: u16,
}

/// Passes connections on.
pub struct Balancer {
    /// Where it listens.
    pub port: u16,
    backends: Arc<Mutex<Vec<(Backend, bool)>>>,
    over: Arc<AtomicBool>,
}

impl Balancer {
    /// With nobody behind it.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let backends: Arc<Mutex<Vec<(Backend, bool)>>> = Arc::default();
        let over = Arc::new(AtomicBool::new(false));
        let (known, ended) = (Arc::clone(&backends), Arc::clone(&over));
        thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                probe(&known);
                thread::sleep(EVERY);
            }
        });
        let (known, turn) = (Arc::clone(&backends), AtomicUsize::new(0));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let ready: Vec<u16> = {
                    let known = known.lock().expect("backends");
                    let ready = known.iter().filter(|(_, is_ready)| *is_ready);
                    ready.map(|(backend, _)| backend.port).collect()
                };
                // Without anybody behind it a connection is refused, as a Service without endpoints does.
                let Some(port) =
                    ready.get(turn.fetch_add(1, Ordering::Relaxed) % ready.len().max(1))
                else {
                    continue;
                };
                if let Ok(server) = TcpStream::connect(("127.0.0.1", *port)) {
                    join(client, server);
                }
            }
        });
        Self {
            port,
            backends,
            over,
        }
    }

    /// Puts a replica behind it.
    pub fn add(&self, backend: Backend) {
        self.backends
            .lock()
            .expect("backends")
            .push((backend, false));
    }

    /// Whether that one is.
    pub fn is_ready(&self, backend: Backend) -> bool {
        let known = self.backends.lock().expect("backends");
        known.contains(&(backend, true))
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn probe(backends: &Mutex<Vec<(Backend, bool)>>) {
    let known = backends.lock().expect("backends").clone();
    let probed: Vec<(Backend, bool)> = known
        .into_iter()
        .map(|(backend, _)| (backend, is_ready(backend.admin)))
        .collect();
    let mut backends = backends.lock().expect("backends");
    for (backend, is_ready) in backends.iter_mut() {
        let found = probed.iter().find(|(probed, _)| probed == backend);
        *is_ready = found.is_some_and(|(_, is_ready)| *is_ready);
    }
}

fn is_ready(admin: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", admin))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.contains(" 200 "))
}

/// Passes on what both say until one of them is done.
fn join(client: TcpStream, server: TcpStream) {
    let pass = |mut from: TcpStream, mut to: TcpStream| {
        thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    if let (Ok(client_too), Ok(server_too)) = (client.try_clone(), server.try_clone()) {
        pass(client_too, server);
        pass(server_too, client);
    }
}
