//! What `wharf agent` is told on its command line. Its credentials and its region come from where AWS's own clients find
//! them, and of the settings of the registry it uses those of logs and of outgoing connections.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::duration;

/// The arguments of `wharf agent`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct AgentArguments {
    /// The cluster that this host belongs to
    #[arg(long, default_value = "default", env = "ECS_CLUSTER")]
    pub(crate) cluster: String,
    /// Where the control plane is, such as https://wharf.example.com
    #[arg(long, env = "ECS_BACKEND_HOST")]
    pub(crate) server: String,
    /// The socket of Docker or Podman; unset: /var/run/docker.sock, then /run/podman/podman.sock; simulated: none, nothing runs
    #[arg(long, env = "DOCKER_HOST")]
    pub(crate) engine: Option<String>,
    /// Directory of what the agent must not forget; unset: agent in the data directory
    #[arg(long)]
    pub(crate) agent_data: Option<PathBuf>,
    /// An attribute of this host that placement constraints can ask for, such as rack=7; may be repeated
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = attribute)]
    pub(crate) attributes: Vec<(String, String)>,
    /// CPU units of this host that tasks do not get
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) reserved_cpu: i64,
    /// MiB of memory of this host that tasks do not get
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) reserved_memory: i64,
    /// How long containers that have stopped are kept
    #[arg(long, default_value = "3h", value_parser = duration::parse)]
    pub(crate) cleanup_after: Duration,
    /// How often images that no task needs any more are removed, of those that the agent pulled
    #[arg(long, default_value = "30m", value_parser = interval, env = "ECS_IMAGE_CLEANUP_INTERVAL")]
    pub(crate) image_cleanup_interval: Duration,
    /// How long ago such an image was pulled or used at the least
    #[arg(long, default_value = "1h", value_parser = duration::parse, env = "ECS_IMAGE_MINIMUM_CLEANUP_AGE")]
    pub(crate) image_cleanup_age: Duration,
    /// How many images are removed at a time
    #[arg(long, default_value = "5", value_parser = count, env = "ECS_NUM_IMAGES_DELETE_PER_CYCLE")]
    pub(crate) image_cleanup_count: NonZeroU32,
    /// Remove no images
    #[arg(long, env = "ECS_DISABLE_IMAGE_CLEANUP", value_parser = BoolishValueParser::new())]
    pub(crate) keep_images: bool,
    /// Refuse tasks that ask for something of the host itself: privileges, devices, folders, the network …
    #[arg(long)]
    pub(crate) confine_tasks: bool,
    /// Where tasks find credentials and metadata: an address and port, or none
    #[arg(long, default_value = "169.254.170.2:80")]
    pub(crate) credentials_address: String,
    /// The engine's network of tasks of network mode awsvpc, made if it is not there
    #[arg(long, default_value = node::Config::TASK_NETWORK)]
    pub(crate) task_network: String,
}

fn attribute(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("an attribute is NAME=VALUE".to_owned()),
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    match duration::parse(text)? {
        Duration::ZERO => Err("images cannot be removed all the time; --keep-images removes none".to_owned()),
        interval => Ok(interval),
    }
}

fn count(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| "it is a number from 1; --keep-images removes none".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        agent: AgentArguments,
    }

    fn read(flags: &[&str]) -> Result<AgentArguments, String> {
        let line = Line::try_parse_from(["agent", "--server", "h"].iter().chain(flags));
        line.map(|line| line.agent).map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
    }

    #[test]
    fn images_are_removed_as_amazons_agent_does_unless_it_is_said_otherwise() {
        let usual = read(&[]).unwrap();
        let as_amazon = node::ImageCleanup::default();
        let said = (usual.image_cleanup_interval, usual.image_cleanup_age, usual.image_cleanup_count);
        assert_eq!(said, (as_amazon.interval, as_amazon.age, as_amazon.count));
        assert!(!usual.keep_images);
        assert!(read(&["--keep-images"]).unwrap().keep_images);
        assert_eq!(read(&["--image-cleanup-age", "0"]).unwrap().image_cleanup_age, Duration::ZERO);
        for (flag, value, why) in [
            ("--image-cleanup-interval", "0", "images cannot be removed all the time; --keep-images removes none"),
            ("--image-cleanup-interval", "30", "'30' is not a duration such as 500ms, 30s, 15m, 12h or 7d"),
            ("--image-cleanup-age", "-1h", "'-1h' is not a duration such as 500ms, 30s, 15m, 12h or 7d"),
            ("--image-cleanup-count", "0", "it is a number from 1; --keep-images removes none"),
            ("--image-cleanup-count", "-1", "it is a number from 1; --keep-images removes none"),
        ] {
            let refusal = read(&[&format!("{flag}={value}")]).unwrap_err();
            assert!(refusal.starts_with(&format!("error: invalid value '{value}'")), "{refusal}");
            assert!(refusal.ends_with(why), "{refusal}");
        }
    }
}
