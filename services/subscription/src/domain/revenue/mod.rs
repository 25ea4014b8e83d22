//! What subscriptions are worth: a card in a month (`normalize`), a subscription over time (`change`), a project by month
//! (`movement`, `series`).

pub mod change;
pub mod movement;
pub mod normalize;
pub mod series;
