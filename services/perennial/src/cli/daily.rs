//! Keys, projects, clocks, revenue, rates and profiles on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What to do with keys.
#[derive(Clone, Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key; it is shown once
    Create {
        /// What the key is for
        #[arg(long)]
        kind: KeyKindArg,
        /// A permission such as `catalog:plans:read`; none means all of the project
        #[arg(long = "permission", value_name = "P")]
        permissions: Vec<String>,
        /// Name for people
        #[arg(long, default_value = "")]
        name: String,
    },
    /// List the keys
    List,
    /// Revoke a key at once
    Revoke {
        /// Id of the key
        id: String,
    },
}

/// Kinds of keys that can be made.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum KeyKindArg {
    /// gRPC, OpenMeter, RevenueCat
    Secret,
    /// ProfitWell without its event operation
    ProfitwellPrivate,
    /// The event operation of ProfitWell
    ProfitwellPublic,
    /// Probe
    Probe,
}

/// What to do with projects.
#[derive(Clone, Debug, Subcommand)]
pub enum ProjectCommand {
    /// Make a project (operator)
    Create {
        /// Its name
        name: String,
        /// The id that the RevenueCat dialect uses; generated when absent
        #[arg(long)]
        revenuecat_id: Option<String>,
    },
    /// List the projects (operator)
    List,
    /// Show the own project
    Show,
    /// Change the own project
    Set {
        /// Its name
        #[arg(long)]
        name: Option<String>,
        /// Currency of its revenue metrics, ISO 4217
        #[arg(long)]
        currency: Option<String>,
        /// Time zone of its revenue metrics, IANA name
        #[arg(long)]
        timezone: Option<String>,
    },
}

/// What to do with the test clock.
#[derive(Clone, Debug, Subcommand)]
pub enum ClockCommand {
    /// Show the project's time
    Show,
    /// Stop the clock at an instant
    Freeze {
        /// RFC 3339 time
        time: String,
    },
    /// Move a stopped clock forward; returns when everything that fell due has been done
    Advance {
        /// ISO 8601 duration, such as `P1M` or `PT1H`
        duration: String,
    },
    /// Return to system time
    Reset,
}

/// What of the revenue to show.
#[derive(Clone, Debug, Default, Args)]
pub struct RevenueArgs {
    /// First month; that of the first change when absent
    #[arg(long, value_name = "YYYY-MM")]
    pub first: Option<String>,
    /// Last month; the current one when absent
    #[arg(long, value_name = "YYYY-MM", conflicts_with = "days")]
    pub last: Option<String>,
    /// The days of this month instead of months
    #[arg(long, value_name = "YYYY-MM", conflicts_with = "first")]
    pub days: Option<String>,
    /// Only one product
    #[arg(long, value_name = "KEY")]
    pub product: Option<String>,
    /// A metric such as `growth_rate`, instead of MRR and its movements; may be given again. `all`: every one there is
    #[arg(long = "metric", value_name = "NAME")]
    pub metrics: Vec<String>,
}

/// What to do with exchange rates.
#[derive(Clone, Debug, Subcommand)]
pub enum RatesCommand {
    /// Set a rate: one FROM is RATE TO
    Set {
        /// ISO 4217 code
        from: String,
        /// ISO 4217 code
        to: String,
        /// Decimal number above zero
        rate: String,
        /// RFC 3339 time from which it holds; now when absent
        #[arg(long)]
        at: Option<String>,
    },
    /// Set many rates from a CSV file with the columns from, to, rate and, where it is not now, time
    Import {
        /// The file; `-` reads standard input
        file: PathBuf,
    },
    /// List the rates, newest first for each pair
    List,
}

/// What to do with profiles.
#[derive(Clone, Debug, Subcommand)]
pub enum ProfilesCommand {
    /// Keep the address, key and project of this command line under a name
    Set {
        /// The name; `default` is what commands use that name none
        #[arg(default_value = "default")]
        name: String,
    },
    /// List the profiles, without their keys
    List,
    /// Forget a profile
    Remove {
        /// The name
        name: String,
    },
}
