//! What the README tells users to type, typed on a real Docker engine.

use std::process::{Command, Stdio};

use tests::harness::docker::Docker;
use tests::harness::engine::client;
use tests::harness::{Backend, Wharf, port};

/// The commands of the README do what it says, as they stand there.
#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_readme_run_what_is_pushed() {
    let docker = Docker::take();
    let wharf = Wharf::with(Backend::PostgresS3)
        .set("WHARF_AGENT", docker.host())
        .set("WHARF_SERVICE_SETTLE", "1s")
        .start()
        .await;
    docker.login(&wharf);
    docker.page(&format!("{}/web:v1", wharf.address()), "v1");
    let port = port::free();
    let readme = include_str!("../../../README.md");
    let (_, section) = readme.split_once("\n## Run what you push\n").expect("the README has the section");
    let (_, block) = section.split_once("\n```sh\n").expect("which has commands");
    let (commands, _) = block.split_once("\n```\n").expect("which end");
    assert_eq!(commands.matches("aws ").count(), 6, "{commands}");
    let script = commands
        .replace("127.0.0.1:5000", &wharf.address().to_string())
        .replace("--port 8000", &format!("--port {port}"))
        .replace("127.0.0.1:8000", &format!("127.0.0.1:{port}"));
    let aws = wharf.aws().command("aws");
    let tools = std::path::Path::new(aws.get_program()).parent().expect("a folder").display().to_string();
    let docker_folder = client().rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default();
    let path = format!("{tools}:{docker_folder}:{}", std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    shell.args(["-eu", "-o", "pipefail", "-c", &script]).env_clear();
    shell.envs(aws.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("PATH", path).env("DOCKER_HOST", docker.host()).env("HOME", std::env::var("HOME").unwrap_or_default());
    let done = shell.stdin(Stdio::null()).output().expect("bash");
    let (said, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success() && said.trim_end().ends_with("v1"), "{script}\n{said}\n{errors}");
}
