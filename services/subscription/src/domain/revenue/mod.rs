//! What subscriptions are worth: a card in a month (`normalize`), a subscription over time (`change`), a customer now
//! (`standing`), and every metric of a project or product by month or day: sums over customers of one period (`basis`), what of
//! them one customer's own changes make (`flow`), metrics by name (`metric`), movements (`movement`, `series`).

pub mod basis;
pub mod change;
pub mod entry;
pub mod flow;
pub mod metric;
pub mod month;
pub mod movement;
pub mod normalize;
pub mod series;
pub mod standing;
