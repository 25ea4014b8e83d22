//! What must survive: a killed process, a request that comes twice.

mod repeated_requests;
