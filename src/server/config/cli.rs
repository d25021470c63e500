//! The command line: the subcommands and one flag for each setting, accepted before or after the subcommand. It only
//! collects what was typed; the values are checked together with the other sources in `load`. What subcommands can do that
//! have some of their own is in `subcommands`.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use clap::{Arg, ArgMatches, Args, Command as ClapCommand, FromArgMatches, Parser, Subcommand};

use types::Timestamp;

use super::agent::AgentArguments;
use super::duration;
use super::settings::{CONFIG_VARIABLE, SETTINGS};
use super::subcommands::{
    AccountCommand, AdminCommand, AdvisoriesCommand, GcDelayCommand, PullGateCommand, ReplicationTargetCommand,
    SbomReferrersCommand, WebhookCommand,
};

/// What `wharf` was called with.
#[derive(Debug, Parser)]
#[command(name = "wharf", version, about = "A self-hosted OCI container registry", max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do; without it, serve.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The settings given as flags.
    #[command(flatten)]
    pub(crate) flags: Flags,
}

/// The subcommands.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum Command {
    /// Run the registry (the default)
    Serve,
    /// Run the tasks of a cluster on this host, with its Docker or Podman
    Agent(AgentArguments),
    /// Verify the settings, the database, its migrations, the master key and the storage, and say what is wrong
    Check,
    /// Compare the database with the storage: orphans, holes and size mismatches
    Fsck {
        /// Read every blob and verify its digest
        #[arg(long)]
        verify: bool,
        /// Move orphans to quarantine
        #[arg(long)]
        repair: bool,
    },
    /// Collect garbage now, beside running servers, until nothing is left that may go
    Gc {
        /// Free what nothing has referred to for this long, instead of the time that is set; with 0, pushes under way may
        /// have to send layers again
        #[arg(long, value_parser = duration::parse)]
        delay: Option<Duration>,
    },
    /// Keep garbage in the default registry for another time than WHARF_GC_DELAY says; for another registry, add its
    /// --account-id and --region
    #[command(subcommand)]
    GcDelay(GcDelayCommand),
    /// List the background jobs: what each is about, when it is due, and why it failed if it did
    Jobs,
    /// Apply the lifecycle policy of a repository now
    Lifecycle {
        /// The repository
        repository: String,
        /// Only say which images would go, by which rule, and how many bytes that would free
        #[arg(long)]
        preview: bool,
        /// File with a policy to preview instead of the one that is set; - reads standard input
        #[arg(long, requires = "preview")]
        policy: Option<PathBuf>,
    },
    /// Show what the repositories hold, as it was measured last (every night): each image by itself, each blob once, and what
    /// only one repository has
    Usage {
        /// Measure first
        #[arg(long)]
        now: bool,
    },
    /// Import and list what is known of vulnerabilities, for scans of images
    #[command(subcommand)]
    Advisories(AdvisoriesCommand),
    /// Print what an image holds, as its scan noted it: its bill of materials
    Sbom {
        /// The repository
        repository: String,
        /// A digest or a tag
        reference: String,
        /// cyclonedx (1.5) or spdx (2.3), both in JSON
        #[arg(long, default_value = "cyclonedx")]
        format: String,
    },
    /// Put bills of materials beside the images that are scanned from now on, as referrers
    #[command(subcommand)]
    SbomReferrers(SbomReferrersCommand),
    /// Refuse pulls of images with known vulnerabilities, repository by repository
    #[command(subcommand)]
    PullGate(PullGateCommand),
    /// Undo the deletion of an image, or the last move or deletion of a tag; without a reference, list what can be restored
    Restore {
        /// The repository
        repository: String,
        /// A digest or a tag
        reference: Option<String>,
    },
    /// Speak Docker's credential-helper protocol, for clients; also when called docker-credential-wharf
    CredentialHelper {
        /// get, store, erase or list
        action: String,
    },
    /// Print the audit log as lines of JSON, oldest first
    Audit {
        /// Only what happened since: a time such as 2026-11-23T17:00:00Z, or a duration such as 24h
        #[arg(long, value_parser = since)]
        since: Option<Timestamp>,
        /// Go on with what happens
        #[arg(long)]
        follow: bool,
    },
    /// Manage webhooks, which are told of what happens to images
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Say where destinations of replication are that belong to other installations
    #[command(subcommand)]
    ReplicationTarget(ReplicationTargetCommand),
    /// Manage accounts beside a running registry
    #[command(subcommand)]
    Account(AccountCommand),
    /// Manage users, keys, repositories and policies beside a running registry
    #[command(subcommand)]
    Admin(AdminCommand),
}

/// A time, or a duration until now.
fn since(text: &str) -> Result<Timestamp, String> {
    match duration::parse(text) {
        Ok(duration) => Ok(Timestamp::from(SystemTime::now()).before(duration)),
        Err(_) => text
            .parse::<Timestamp>()
            .map_err(|_| format!("'{text}' is neither a time such as 2026-11-23T17:00:00Z nor a duration such as 24h")),
    }
}

/// The settings that were given as flags, by key, not yet checked.
#[derive(Clone, Default)]
pub(crate) struct Flags {
    /// The settings file.
    pub(crate) config: Option<PathBuf>,
    /// The values, by the key of their setting.
    pub(crate) values: BTreeMap<&'static str, String>,
}

impl std::fmt::Debug for Flags {
    /// Names only: a value may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Args for Flags {
    fn augment_args(command: ClapCommand) -> ClapCommand {
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .help(format!("TOML file with settings, named as the flags with _ for - [env: {CONFIG_VARIABLE}]"))
            .value_parser(clap::value_parser!(PathBuf))
            .global(true);
        SETTINGS.iter().fold(command.arg(config), |command, setting| {
            let mut help = setting.help.to_owned();
            if !setting.default.is_empty() {
                help.push_str(&format!(" [default: {}]", setting.default));
            }
            help.push_str(&format!(" [env: {}]", setting.variable()));
            // clap wants static names; the command line is read once, so nothing piles up.
            let flag: &'static str = setting.flag().leak();
            let mut arg = Arg::new(setting.key).long(flag).value_name("VALUE").help(help).global(true);
            if setting.switch {
                arg = arg.value_name("BOOL").num_args(0..=1).require_equals(true).default_missing_value("true");
            }
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: ClapCommand) -> ClapCommand {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let values = SETTINGS
            .iter()
            .filter_map(|setting| Some((setting.key, matches.get_one::<String>(setting.key)?.clone())))
            .collect();
        Ok(Self { config: matches.get_one::<PathBuf>("config").cloned(), values })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_are_accepted_on_either_side_of_the_subcommand() {
        for line in [
            &["wharf", "--listen", "127.0.0.1:1", "serve"][..],
            &["wharf", "serve", "--listen", "127.0.0.1:1"],
            &["wharf", "--listen=127.0.0.1:1"],
        ] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert_eq!(cli.flags.values["listen"], "127.0.0.1:1");
        }
    }

    #[test]
    fn a_switch_needs_no_value() {
        let cli = Cli::try_parse_from(["wharf", "--sparse-indexes", "--create-on-push=false", "serve"]).unwrap();
        assert_eq!(cli.flags.values["sparse_indexes"], "true");
        assert_eq!(cli.flags.values["create_on_push"], "false");
        assert_eq!(cli.command, Some(Command::Serve));
    }

    /// Settings are flags everywhere: an argument of the same name would be taken for one.
    #[test]
    fn arguments_of_a_replication_target_are_no_settings() {
        let line = ["wharf", "replication-target", "remove", "111122223333", "eu-west-1", "--region", "us-east-1"];
        let cli = Cli::try_parse_from(line).unwrap();
        assert_eq!(cli.flags.values.get("region").map(String::as_str), Some("us-east-1"));
        assert!(!cli.flags.values.contains_key("account_id"));
    }

    #[test]
    fn fsck_has_its_own_flags() {
        let cli = Cli::try_parse_from(["wharf", "fsck", "--verify"]).unwrap();
        assert_eq!(cli.command, Some(Command::Fsck { verify: true, repair: false }));
    }

    #[test]
    fn help_lists_every_setting_with_its_default_and_variable() {
        let mut command = Cli::command();
        command.build();
        let serve = command.find_subcommand_mut("serve").unwrap();
        let help = serve.render_long_help().to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        for setting in SETTINGS {
            assert!(help.contains(&format!("--{}", setting.flag())), "{}", setting.key);
            assert!(help.contains(&format!("[env: {}]", setting.variable())), "{}", setting.key);
            if !setting.default.is_empty() {
                assert!(help.contains(&format!("[default: {}]", setting.default)), "{}", setting.key);
            }
        }
    }

    #[test]
    fn debug_output_of_the_flags_has_no_values() {
        let cli = Cli::try_parse_from(["wharf", "--root-secret-access-key", "hunter2"]).unwrap();
        let debug = format!("{cli:?}");
        assert!(debug.contains("root_secret_access_key") && !debug.contains("hunter2"), "{debug}");
    }
}
