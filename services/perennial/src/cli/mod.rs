//! The command line. Names and flags are a promise to scripts: they may grow, not change.

mod daily;
mod remote;
mod resources;
mod server;

use clap::{Parser, Subcommand, ValueEnum};
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

/// Subscription backend: customers, catalog, subscriptions, usage, entitlements, invoices
/// and revenue on one ledger, over gRPC and REST.
#[derive(Debug, Parser)]
#[command(name = "perennial", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Settings of servers.
    #[command(flatten)]
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
    /// Customers
    Customers {
        /// What to do with them
        #[command(subcommand)]
        command: CustomersCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Plans, features and add-ons
    Catalog {
        /// What to do with them
        #[command(subcommand)]
        command: CatalogCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Subscriptions
    Subscriptions {
        /// What to do with them
        #[command(subcommand)]
        command: SubscriptionsCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// What customers may use
    Access {
        /// What to do with them
        #[command(subcommand)]
        command: AccessCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Invoices
    Invoices {
        /// What to do with them
        #[command(subcommand)]
        command: InvoicesCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Who changed what, newest first
    Audit {
        /// Of what
        #[command(flatten)]
        query: AuditArgs,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Named servers and keys, kept in a file
    Profiles {
        /// What to do with them
        #[command(subcommand)]
        command: ProfilesCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Print a script that completes commands in a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// API keys of the project
    Keys {
        /// What to do with them
        #[command(subcommand)]
        command: KeysCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Projects
    Project {
        /// What to do with them
        #[command(subcommand)]
        command: ProjectCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// The project's test clock
    Clock {
        /// What to do with it
        #[command(subcommand)]
        command: ClockCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Meters, usage events and what they add up to
    Usage {
        /// What to do with them
        #[command(subcommand)]
        command: UsageCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Calculate invoices again from subscriptions and usage, and tell what differs; exit code 1 if anything does
    Reconcile {
        /// Ids of invoices; none means all invoices and subscriptions of the project
        invoices: Vec<String>,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// MRR and its movements by month, or any metric by month or day, as a table
    Revenue {
        /// What of it
        #[command(flatten)]
        query: RevenueArgs,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Exchange rates
    Rates {
        /// What to do with them
        #[command(subcommand)]
        command: RatesCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
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
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn flags_fit_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_shell_has_completions() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "perennial", &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("subscriptions"), "{shell}");
        }
    }
}
