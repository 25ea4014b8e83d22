//! Customers, catalog, subscriptions, usage, access, invoices and the audit log on the command line.

use std::path::PathBuf;

use chassis::config::SERVICES;
use clap::{Args, Subcommand, ValueEnum, builder::PossibleValuesParser};

use super::remote::Listing;

/// What to do with customers.
#[derive(Clone, Debug, Subcommand)]
pub enum CustomersCommand {
    /// List customers
    List {
        /// Only those whose name has this in it
        #[arg(long)]
        name: Option<String>,
        /// Only those whose e-mail address has this in it
        #[arg(long)]
        email: Option<String>,
        /// Only those with a subscription on this plan
        #[arg(long)]
        plan: Option<String>,
        /// How many
        #[command(flatten)]
        listing: Listing,
    },
    /// Show a customer
    Show {
        /// Id or key
        customer: String,
    },
    /// Make a customer
    Create {
        /// Key of the new customer
        customer_key: String,
        /// Name for people; the key when absent
        #[arg(long)]
        name: Option<String>,
        /// E-mail address
        #[arg(long)]
        email: Option<String>,
        /// Currency of what is billed, ISO 4217
        #[arg(long)]
        currency: Option<String>,
        /// A subject whose usage counts for the customer; may be given again
        #[arg(long = "subject", value_name = "SUBJECT")]
        subjects: Vec<String>,
    },
    /// Delete a customer
    Delete {
        /// Id or key
        customer: String,
    },
}

/// What to do with the catalog.
#[derive(Clone, Debug, Subcommand)]
pub enum CatalogCommand {
    /// List plans
    Plans {
        /// Only versions of this plan
        #[arg(long, value_name = "KEY")]
        plan: Option<String>,
        /// How many
        #[command(flatten)]
        listing: Listing,
    },
    /// Show a plan
    Plan {
        /// Id or key
        plan: String,
        /// Its version; the one that is sold when absent
        #[arg(long)]
        version: Option<i32>,
    },
    /// Make a plan, as a draft, from a file with its JSON as `catalog plan --output json` prints it
    Create {
        /// The file; `-` reads standard input
        file: PathBuf,
    },
    /// Sell a plan from now on
    Publish {
        /// Id of the version, or key of the plan: then its newest version
        plan: String,
    },
    /// Sell a plan no longer
    Archive {
        /// Id of the version, or key of the plan: then the version that is sold
        plan: String,
    },
    /// List features
    Features {
        /// How many
        #[command(flatten)]
        listing: Listing,
    },
    /// Make a feature
    CreateFeature {
        /// Key of the new feature
        feature_key: String,
        /// Name for people; the key when absent
        #[arg(long)]
        name: Option<String>,
        /// Slug of the meter that measures its usage; none when absent
        #[arg(long, value_name = "SLUG")]
        meter: Option<String>,
    },
    /// Take a feature out of the catalog; its key is free again
    ArchiveFeature {
        /// Id or key
        feature: String,
    },
    /// List add-ons
    Addons {
        /// How many
        #[command(flatten)]
        listing: Listing,
    },
    /// Show an add-on
    Addon {
        /// Id or key
        addon: String,
        /// Its version; the one that is sold when absent
        #[arg(long)]
        version: Option<i32>,
    },
    /// Make an add-on, as a draft, from a file with its JSON as `catalog addon --output json` prints it
    CreateAddon {
        /// The file; `-` reads standard input
        file: PathBuf,
    },
    /// Sell an add-on from now on
    PublishAddon {
        /// Id of the version, or key of the add-on: then its newest version
        addon: String,
    },
    /// Sell an add-on no longer
    ArchiveAddon {
        /// Id of the version, or key of the add-on: then the version that is sold
        addon: String,
    },
}

/// States that subscriptions can be listed by.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SubscriptionStatusArg {
    /// Starts later
    Scheduled,
    /// Runs
    Active,
    /// Runs, and will end
    Canceled,
    /// Has ended
    Inactive,
}

/// What to do with subscriptions.
#[derive(Clone, Debug, Subcommand)]
pub enum SubscriptionsCommand {
    /// List subscriptions
    List {
        /// Only those of this customer: id or key
        #[arg(long)]
        customer: Option<String>,
        /// Only those on this plan; may be given again
        #[arg(long = "plan", value_name = "KEY")]
        plans: Vec<String>,
        /// Only those in this state; may be given again
        #[arg(long = "status", value_name = "STATUS")]
        statuses: Vec<SubscriptionStatusArg>,
        /// How many
        #[command(flatten)]
        listing: Listing,
    },
    /// Show a subscription with its phases
    Show {
        /// Id of the subscription
        id: String,
    },
    /// Subscribe a customer to a plan
    Start {
        /// Id or key of the customer
        customer: String,
        /// Key of the plan
        plan: String,
        /// Version of the plan; the one that is sold when absent
        #[arg(long)]
        version: Option<i32>,
        /// RFC 3339 time of the start; now when absent
        #[arg(long)]
        at: Option<String>,
    },
    /// Cancel a subscription at the end of its billing period
    Cancel {
        /// Id of the subscription
        id: String,
        /// At once instead
        #[arg(long, conflicts_with = "at")]
        now: bool,
        /// At this RFC 3339 time instead
        #[arg(long)]
        at: Option<String>,
    },
    /// Take back a cancellation that has not come yet
    Resume {
        /// Id of the subscription
        id: String,
    },
}

/// What to do with access.
#[derive(Clone, Debug, Subcommand)]
pub enum AccessCommand {
    /// List what a customer may use
    List {
        /// Id or key of the customer
        customer: String,
    },
    /// Whether a customer may use a feature now: exit code 0 if so, else 1
    Check {
        /// Id or key of the customer
        customer: String,
        /// Key of the feature
        feature: String,
    },
    /// Give a customer a feature for a while
    Grant {
        /// Id or key of the customer
        customer: String,
        /// Key of the feature
        feature: String,
        /// ISO 8601 duration, such as `P14D`
        #[arg(long = "for", value_name = "DURATION")]
        duration: String,
    },
    /// Take back what was given with `grant`
    Revoke {
        /// Id or key of the customer
        customer: String,
        /// Key of the feature
        feature: String,
    },
}

/// What to do with invoices.
#[derive(Clone, Debug, Subcommand)]
pub enum InvoicesCommand {
    /// List invoices, newest first
    List {
        /// Only those of this customer: id or key
        #[arg(long)]
        customer: Option<String>,
        /// Only those in this state, such as `gathering`, `draft`, `issued` or `paid`; may be given again
        #[arg(long = "status", value_name = "STATUS")]
        statuses: Vec<String>,
        /// How many
        #[command(flatten)]
        listing: Listing,
    },
    /// Show an invoice and its lines
    Show {
        /// Id or number; looks through the list for a number, newest first
        invoice: String,
    },
    /// Approve a draft, so that it is issued
    Approve {
        /// Id of the invoice
        id: String,
    },
    /// Take the next step at once that the invoice would take later
    Advance {
        /// Id of the invoice
        id: String,
    },
    /// Try a step again that failed
    Retry {
        /// Id of the invoice
        id: String,
    },
}

/// What to do with meters and usage events.
#[derive(Clone, Debug, Subcommand)]
pub enum UsageCommand {
    /// List the meters
    Meters {
        /// How many
        #[command(flatten)]
        listing: Listing,
    },
    /// Make a meter
    CreateMeter(NewMeter),
    /// Delete a meter; its events stay, and its slug is free again
    DeleteMeter {
        /// Id or slug
        meter: String,
    },
    /// List stored events, newest first
    Events {
        /// Only those of this subject
        #[arg(long)]
        subject: Option<String>,
        /// Only those of this type
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
        /// Only those of this customer
        #[arg(long)]
        customer: Option<String>,
        /// How many
        #[command(flatten)]
        listing: Listing,
    },
    /// Add up what a meter counted
    Query(UsageQuery),
    /// Report events from a file: a CloudEvents JSON object on each line
    Send {
        /// The file; `-` reads standard input
        file: PathBuf,
        /// What reports the events that do not say
        #[arg(long, default_value = "perennial")]
        source: String,
    },
    /// Take events out of all usage, for ever; they stay listed with their state
    Void {
        /// What reported them
        source: String,
        /// Their ids within the source
        #[arg(required = true, num_args = 1..)]
        ids: Vec<String>,
        /// Why, for the audit log
        #[arg(long)]
        reason: String,
    },
    /// Void an event and store another that counts instead
    Replace {
        /// What reported it
        source: String,
        /// Its id within the source
        id: String,
        /// The new data, a JSON object; none when absent
        #[arg(long, value_name = "JSON")]
        data: Option<String>,
        /// The new subject; the old one when absent
        #[arg(long)]
        subject: Option<String>,
        /// The new type; the old one when absent
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
        /// The new RFC 3339 time; the old one when absent
        #[arg(long)]
        time: Option<String>,
        /// The id of the new event; the old one with a number behind it when absent
        #[arg(long, value_name = "ID")]
        new_id: Option<String>,
        /// Why, for the audit log
        #[arg(long)]
        reason: String,
    },
}

/// How events become a number.
#[derive(Clone, Debug, Args)]
pub struct NewMeter {
    /// Slug of the new meter
    pub slug: String,
    /// What is done with the values of the events
    #[arg(long)]
    pub aggregation: AggregationArg,
    /// Type of the events that count
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: String,
    /// JSONPath of the value in an event's data, such as `$.tokens`; only `count` has none
    #[arg(long, value_name = "PATH")]
    pub value: Option<String>,
    /// A dimension of the usage and its JSONPath, such as `model=$.model`; may be given again
    #[arg(long = "group-by", value_name = "NAME=PATH", value_parser = dimension)]
    pub group_by: Vec<(String, String)>,
    /// Name for people; the slug when absent
    #[arg(long)]
    pub name: Option<String>,
}

/// Reads a dimension and its path.
fn dimension(text: &str) -> Result<(String, String), &'static str> {
    let parts = text.split_once('=').ok_or("there is no `=`")?;
    Ok((parts.0.to_owned(), parts.1.to_owned()))
}

/// What a meter does with values.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum AggregationArg {
    /// Adds them up
    Sum,
    /// Counts events
    Count,
    /// Counts distinct values
    UniqueCount,
    /// Takes their mean
    Avg,
    /// Takes the smallest
    Min,
    /// Takes the largest
    Max,
    /// Takes the one of the latest event
    Latest,
}

/// What to add up.
#[derive(Clone, Debug, Args)]
pub struct UsageQuery {
    /// Id or slug of the meter
    pub meter: String,
    /// RFC 3339 time from which; the first event when absent
    #[arg(long)]
    pub from: Option<String>,
    /// RFC 3339 time until which; now when absent
    #[arg(long)]
    pub to: Option<String>,
    /// One row for each of these instead of one for all
    #[arg(long)]
    pub window: Option<Window>,
    /// Only this subject; may be given again
    #[arg(long = "subject", value_name = "SUBJECT")]
    pub subjects: Vec<String>,
    /// Only this customer: id or key
    #[arg(long)]
    pub customer: Option<String>,
    /// One row for each value of this dimension, or of `subject`; may be given again
    #[arg(long = "group-by", value_name = "NAME")]
    pub group_by: Vec<String>,
}

/// Stretches that usage is added up in.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Window {
    /// 60 seconds
    Minute,
    /// 60 minutes
    Hour,
    /// A day of UTC
    Day,
    /// A month of UTC
    Month,
}

/// Which part of the audit logs to show.
#[derive(Clone, Debug, Args)]
pub struct AuditArgs {
    /// The service whose resources changed
    #[arg(value_parser = PossibleValuesParser::new(SERVICES))]
    pub service: String,
    /// Only changes of this resource
    #[arg(long, value_name = "ID")]
    pub resource: Option<String>,
    /// How many
    #[command(flatten)]
    pub listing: Listing,
}
