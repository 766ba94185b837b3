//! The simulated API server beside kube-apiserver with etcd, in one run: the rows of `design.md` §9 about the API.
//!
//! `cargo bench -p arc-simulator --bench api`. Where the programs of the real server are not at hand, only ours is
//! measured, which is said. All get the same requests from the same client, over HTTP/2 and TLS, and so does a server
//! without any API.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark ends where something is wrong"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "the wall clock is what is measured"
)]

mod client;
mod empty;
mod fan_out;
mod load;
mod process;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_simulator::clock::{Clock, EPOCH};
use arc_simulator::http::service::ApiServer;
use arc_simulator::parity::command::real_programs;
use arc_simulator::parity::peer::TOKEN;
use arc_simulator::parity::server::RealServer;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, PostParams};
use rustls::ClientConfig;
use serde_json::Value;

use load::{Figures, Place, Rate, config_map};

/// As in the programs that are measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is asked for under load, and its figures.
const RATES: [(&str, Measured); 4] = [
    ("creates, 16 clients", |figures| &figures.apart.creates),
    ("gets, 16 clients", |figures| &figures.apart.gets),
    ("creates, 16 over one connection", |figures| {
        &figures.together.creates
    }),
    ("gets, 16 over one connection", |figures| {
        &figures.together.gets
    }),
];

/// One of the rates among the figures.
type Measured = fn(&Figures) -> &Rate;

/// How often each server is started, of which the median counts.
const N_STARTS: usize = 5;
/// How many calls in process are timed.
const N_CALLS: u32 = 2_000;
/// What `arcsim` is asked for.
const ARCSIM: [&str; 3] = ["serve", "--without", "operator,argo,kubelet,collectors"];
/// What a server leaves for its clients.
const KUBECONFIG: &str = "arcsim.kubeconfig";

fn main() {
    if std::env::args().any(|argument| argument == empty::ARGUMENT) {
        return empty::serve();
    }
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(async {
        let arcsim = (Path::new(env!("CARGO_BIN_EXE_arcsim")), &ARCSIM[..]);
        let ours = figures(arcsim).await;
        let program = std::env::current_exe().unwrap();
        let empty = figures((&program, &[empty::ARGUMENT])).await;
        let real = match real_programs() {
            Some(bin) => Some(real(&bin).await),
            None => {
                println!("SKIPPED the real server: build it with ../shared/offline-cluster/up");
                None
            }
        };
        print([&ours, &empty], real.as_ref());
        in_process().await;
        fan_out::measure().await;
    });
}

/// A program, and how it is called.
type Called<'a> = (&'a Path, &'a [&'a str]);

/// A server of ours in a folder of its own; it ends with this value.
struct Served {
    child: Child,
    folder: PathBuf,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

impl Served {
    /// Starts it; ready with its first answer, and with how long that took.
    async fn start((program, arguments): Called<'_>, n: usize) -> (Self, Place, Duration) {
        let name = format!("arcsim-bench-{}-{n}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let tls = client::tls();
        let began = Instant::now();
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let place = place(&folder.join(KUBECONFIG), tls);
        load::first_answer(&place).await;
        let started = began.elapsed();
        (Self { child, folder }, place, started)
    }
}

async fn figures(called: Called<'_>) -> Figures {
    let mut starts = Vec::new();
    for n in 1..N_STARTS {
        starts.push(Served::start(called, n).await.2);
    }
    let (served, place, started) = Served::start(called, N_STARTS).await;
    starts.push(started);
    Figures::of(&place, median_time(&starts), &[served.child.id()]).await
}

fn median_time(times: &[Duration]) -> Duration {
    let seconds = times.iter().map(Duration::as_secs_f64).collect();
    Duration::from_secs_f64(load::median(seconds))
}

fn place(kubeconfig: &Path, tls: Arc<ClientConfig>) -> Place {
    let text = std::fs::read_to_string(kubeconfig).unwrap();
    let config: Value = serde_saphyr::from_str(&text).unwrap();
    let text = |pointer: &str| {
        config
            .pointer(pointer)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    Place {
        origin: text("/clusters/0/cluster/server"),
        token: text("/users/0/user/token"),
        tls,
    }
}

async fn real(bin: &Path) -> Figures {
    let start = async || {
        let began = Instant::now();
        let server = RealServer::start(bin).await.unwrap();
        (server, began.elapsed())
    };
    let mut starts = Vec::new();
    for _ in 1..N_STARTS {
        starts.push(start().await.1);
    }
    let (server, started) = start().await;
    starts.push(started);
    let place = Place {
        origin: server.peer().origin().to_owned(),
        token: TOKEN.to_owned(),
        tls: client::tls(),
    };
    Figures::of(&place, median_time(&starts), &server.processes()).await
}

/// Prints what is measured of our server and of one without an API, beside the real one.
fn print(both: [&Figures; 2], real: Option<&Figures>) {
    println!(
        "{:<60} {:>12} {:>12} {:>9} {:>12}",
        "", "real", "ours", "ratio", "without API"
    );
    let row = |what: &str, figure: &dyn Fn(&Figures) -> f64| {
        row(what, real.map(figure), both.map(figure));
    };
    row("start to first answer, s", &|figures| {
        figures.started.as_secs_f64()
    });
    for (what, of) in RATES {
        row(&format!("{what} per second"), &|figures| {
            of(figures).per_second
        });
        let micros = format!("{what}, µs of the server for each");
        row(&micros, &|figures| of(figures).server_micros);
    }
    row("memory with 12,000 small objects, MB", &|figures| {
        figures.memory_mb
    });
    println!(
        "memory for each of them: {:.1} kB",
        both[0].bytes_per_object / 1000.0
    );
}

/// A line with each figure, and how many times better ours is than the real one.
fn row(what: &str, real: Option<f64>, [ours, empty]: [f64; 2]) {
    let (real, ratio) = match real {
        Some(real) => {
            let ratio = (real / ours).max(ours / real);
            (format!("{real:.3}"), format!("{ratio:.1}x"))
        }
        None => (String::new(), String::new()),
    };
    println!("{what:<60} {real:>12} {ours:>12.3} {ratio:>9} {empty:>12.3}");
}

/// Calls through `kube::Client` without a socket.
async fn in_process() {
    let server = ApiServer::new(Clock::virtual_from(EPOCH), 1);
    let api: Api<ConfigMap> = Api::default_namespaced(server.client("bench"));
    let params = PostParams::default();
    let began = Instant::now();
    for n in 0..N_CALLS {
        api.create(&params, &config_map(&format!("c{n}")))
            .await
            .unwrap();
    }
    let created = began.elapsed() / N_CALLS;
    let began = Instant::now();
    for n in 0..N_CALLS {
        api.get(&format!("c{n}")).await.unwrap();
    }
    let got = began.elapsed() / N_CALLS;
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "a call in process, µs: create {:.0}, get {:.0}",
        micros(created),
        micros(got)
    );
}
