//! A Docker engine for tests that run containers: that of `WHARF_TEST_DOCKER_HOST`, or one that is started for them and ends
//! with them.

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::engine::{Engine, run_tool, run_tool_afterwards};

/// The engine, for one test at a time: agents of servers that do not know one another must not meet on it.
pub struct Docker {
    engine: Engine,
    _turn: MutexGuard<'static, ()>,
}

static TURN: Mutex<()> = Mutex::new(());

impl Docker {
    /// Waits for the engine.
    pub fn take() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let docker = Self { engine: Engine::at(host()), _turn: turn };
        docker.clear();
        docker
    }
}

impl Deref for Docker {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.clear();
        }
    }
}

fn host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| std::env::var("WHARF_TEST_DOCKER_HOST").unwrap_or_else(|_| start()))
}

/// Starts an engine that ends with the tests.
fn start() -> String {
    let folder = std::env::temp_dir().join(format!("wharf-it-docker-{}", std::process::id()));
    run_tool("start-docker", &folder, &["--bridge"]);
    run_tool_afterwards("stop", &folder, &[]);
    format!("unix://{}", folder.join("docker.sock").display())
}
