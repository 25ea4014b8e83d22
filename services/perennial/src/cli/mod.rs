//! The command line. Names and flags are a promise to scripts: they may grow, not change.

mod daily;
mod remote;
mod resources;
mod server;

use std::{convert::Infallible, mem::take};

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use daily::{
    ClockCommand, KeyKindArg, KeysCommand, ProfilesCommand, ProjectCommand, RatesCommand,
    RevenueArgs,
};
pub use remote::{Listing, Output, RemoteArgs};
pub use resources::{
    AccessCommand, AggregationArg, AuditArgs, CatalogCommand, CustomersCommand, InvoicesCommand,
    NewMeter, SubscriptionStatusArg, SubscriptionsCommand, UsageCommand, UsageQuery, Window,
};
pub use server::{ServerArgs, ServiceArgs};

/// What a script can tell from the exit code; [`crate::failure`] decides.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 refused or something differs, 2 the command line is wrong, \
3 the server was not reached or not in time, 4 the key is not accepted or may not, 5 there is no such thing";

/// Commands that run a server here. They alone heed the settings of servers.
const SERVERS: [&str; 3] = ["serve", "demo", "migrate"];

/// Subscription backend: customers, catalog, subscriptions, usage, entitlements, invoices
/// and revenue on one ledger, over gRPC and REST.
#[derive(Debug, Parser)]
#[command(name = "perennial", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Neither colors nor bold heads, even on a terminal; so does any text in the environment variable NO_COLOR
    // A text that is not empty is "yes": NO_COLOR=0 says no color too.
    #[arg(long, global = true, env = "NO_COLOR", hide_env = true, default_value = "",
          value_parser = |text: &str| Ok::<_, Infallible>(!text.is_empty()))]
    pub no_color: bool,
    /// The server to talk to.
    #[command(flatten, next_help_heading = "The server to talk to")]
    pub remote: RemoteArgs,
    /// Settings of servers.
    #[command(flatten, next_help_heading = "Settings of servers")]
    pub server: ServerArgs,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serve every service and the gateway, or only the named ones
    Serve {
        /// customer, metering, catalog, entitlement, billing, subscription, notification, gateway
        services: Vec<String>,
    },
    /// Fill a data folder with a realistic example, tell its story, then serve it
    Demo {
        /// Tell the story and end without serving
        #[arg(long)]
        no_serve: bool,
    },
    /// Apply the migrations of all services, or of the named ones, and end
    Migrate {
        /// Names of services
        services: Vec<String>,
    },
    /// Print the OpenAPI document of a dialect
    Openapi {
        /// Which dialect
        dialect: Dialect,
    },
    /// Print a script that completes commands in a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Named servers and keys, kept in a file
    Profiles {
        /// What to do with them
        #[command(subcommand)]
        command: ProfilesCommand,
    },
    /// Daily work with a running server
    #[command(flatten)]
    Daily(DailyCommand),
}

/// Daily work with a running server.
#[derive(Clone, Debug, Subcommand)]
pub enum DailyCommand {
    /// Customers
    #[command(subcommand)]
    Customers(CustomersCommand),
    /// Plans, features and add-ons
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Subscriptions
    #[command(subcommand)]
    Subscriptions(SubscriptionsCommand),
    /// What customers may use
    #[command(subcommand)]
    Access(AccessCommand),
    /// Invoices
    #[command(subcommand)]
    Invoices(InvoicesCommand),
    /// Who changed what, newest first
    Audit(AuditArgs),
    /// API keys of the project
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Projects
    #[command(subcommand)]
    Project(ProjectCommand),
    /// The project's test clock
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Meters, usage events and what they add up to
    #[command(subcommand)]
    Usage(UsageCommand),
    /// Calculate invoices again from subscriptions and usage, and tell what differs; exit code 1 if anything does
    Reconcile {
        /// Ids of invoices; none means all invoices and subscriptions of the project
        invoices: Vec<String>,
    },
    /// MRR and its movements by month, or any metric by month or day, as a table
    Revenue(RevenueArgs),
    /// Exchange rates
    #[command(subcommand)]
    Rates(RatesCommand),
}

/// The command line. Every command takes every setting; its help has only those that it heeds.
pub fn command() -> clap::Command {
    let mut command = Cli::command();
    for named in command.get_subcommands_mut() {
        let name = named.get_name();
        let serves = SERVERS.contains(&name);
        let talks = name == "profiles" || DailyCommand::has_subcommand(name);
        if !serves {
            *named = without::<ServerArgs>(take(named));
        }
        if !talks {
            *named = without::<RemoteArgs>(take(named));
        }
    }
    command
}

/// A command whose help does not have these settings. What is there already is not taken over from the command line's own.
fn without<Settings: Args>(command: clap::Command) -> clap::Command {
    let settings = Settings::augment_args(clap::Command::default());
    let hidden = settings.get_arguments().map(|one| one.clone().hide(true));
    command.args(hidden)
}

/// The documented JSON APIs.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Dialect {
    /// OpenMeter v1 and v2
    Openmeter,
    /// RevenueCat v2
    Revenuecat,
    /// ProfitWell v2
    Profitwell,
    /// Probe v4
    Probe,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use clap::FromArgMatches as _;

    use super::*;

    #[test]
    fn flags_fit_each_other() {
        command().debug_assert();
    }

    /// The long help of a command.
    fn help(path: &[&str]) -> String {
        let arguments = ["perennial"].iter().chain(path).chain(&["--help"]);
        let answer = command().try_get_matches_from(arguments);
        answer.unwrap_err().to_string()
    }

    #[test]
    fn help_has_the_settings_that_a_command_heeds() {
        for (path, serves, talks) in [
            (&[][..], true, true),
            (&["serve"], true, false),
            (&["migrate"], true, false),
            (&["customers", "list"], false, true),
            (&["profiles", "set"], false, true),
            (&["reconcile"], false, true),
            (&["openapi"], false, false),
        ] {
            let help = help(path);
            assert_eq!(help.contains("--database-url"), serves, "{path:?}");
            assert_eq!(help.contains("--grpc-tls-key"), serves, "{path:?}");
            assert_eq!(help.contains("--catalog-url"), serves, "{path:?}");
            assert_eq!(help.contains("--address"), talks, "{path:?}");
        }
    }

    fn parsed(arguments: &[&str]) -> Cli {
        let matches = command().get_matches_from(["perennial"].iter().chain(arguments));
        Cli::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn settings_stand_anywhere() {
        for arguments in [
            ["--address", "a:1", "customers", "list"],
            ["customers", "--address", "a:1", "list"],
            ["customers", "list", "--address", "a:1"],
        ] {
            let remote = parsed(&arguments).remote;
            assert_eq!(remote.address.as_deref(), Some("a:1"), "{arguments:?}");
        }
        for arguments in [["--http", "a:1", "serve"], ["serve", "--http", "a:1"]] {
            let server = parsed(&arguments).server;
            assert_eq!(server.http.as_deref(), Some("a:1"), "{arguments:?}");
        }
        let output = parsed(&["--output", "json", "clock", "show"]).remote.output;
        assert_eq!(output, Output::Json);
    }

    #[test]
    fn any_text_in_no_color_means_no_color() {
        let command = command();
        let setting = command
            .get_arguments()
            .find(|one| one.get_id() == "no_color");
        let parser = setting.unwrap().get_value_parser().clone();
        let read = |text: &str| {
            let with = clap::Command::new("perennial").arg(
                clap::Arg::new("text")
                    .long("text")
                    .value_parser(parser.clone()),
            );
            let matches = with.get_matches_from(["perennial", &format!("--text={text}")]);
            *matches.get_one::<bool>("text").unwrap()
        };
        for text in ["0", "false", "1", "true"] {
            assert!(read(text), "{text}");
        }
        assert!(!read(""));
        assert!(parsed(&["serve", "--no-color"]).no_color);
        assert!(parsed(&["--no-color", "clock", "show"]).no_color);
    }

    #[test]
    fn every_shell_has_completions() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut command(), "perennial", &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("subscriptions"), "{shell}");
        }
    }
}
