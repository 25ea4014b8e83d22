//! What subscriptions are worth: a card in a month (`normalize`), a subscription over time (`change`), a project by month
//! (`movement`, `series`), and every metric of a project or product by month or day (`basis`, `metric`).

pub mod basis;
pub mod change;
pub mod metric;
pub mod movement;
pub mod normalize;
pub mod series;
