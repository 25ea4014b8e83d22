//! Which partition of the log an event goes to, and which replica works on a partition. Everything here
//! is a function of its arguments.

use std::collections::BTreeSet;

use chassis::secret::sha256;
use kernel::id::ProjectId;

/// Partitions of the log, and the most replicas that can share its work. Never to be changed for a stream
/// that is not empty: events in a partition that is gone would be read by nobody.
pub const PARTITIONS: u16 = 16;

/// The partition of a subject's events. It is the same for ever, so that they stay in order.
pub fn of(project: ProjectId, subject: &str) -> u16 {
    let digest = sha256(format!("{project}\0{subject}").as_bytes());
    u16::from_be_bytes([digest[0], digest[1]]) % PARTITIONS
}

/// Whether a replica works on a partition when these others live: the partitions go round.
pub fn is_mine(partition: u16, me: &str, others: &BTreeSet<String>) -> bool {
    let before = others.iter().filter(|other| other.as_str() < me).count();
    let replicas = others.iter().filter(|other| other.as_str() != me).count() + 1;
    usize::from(partition) % replicas == before
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn project(digit: char) -> ProjectId {
        format!("01JZZZZZZZZZZZZZZZZZZZZZZ{digit}").parse().unwrap()
    }

    #[test]
    fn a_subject_keeps_its_partition() {
        // Written down: events of an older version may still be in the log.
        assert_eq!(
            of(project('0'), "customer-1"),
            of(project('0'), "customer-1")
        );
        let spread: BTreeSet<u16> = (0..200)
            .map(|number| of(project('0'), &format!("customer-{number}")))
            .collect();
        assert_eq!(spread.len(), usize::from(PARTITIONS));
        let moved = (0..200).filter(|number| {
            let subject = format!("customer-{number}");
            of(project('0'), &subject) != of(project('1'), &subject)
        });
        assert!(moved.count() > 100, "another project is another subject");
    }

    proptest! {
        #[test]
        fn every_partition_has_one_worker(replicas in prop::collection::btree_set("[0-9a-f]{4}", 1..20)) {
            for partition in 0..PARTITIONS {
                let owners = replicas.iter().filter(|me| is_mine(partition, me, &replicas)).count();
                prop_assert_eq!(owners, 1);
            }
            let shares = replicas.iter().map(|me| (0..PARTITIONS).filter(|p| is_mine(*p, me, &replicas)).count());
            let (least, most) = shares.fold((usize::MAX, 0), |(least, most), share| (least.min(share), most.max(share)));
            prop_assert!(most - least <= 1);
        }

        #[test]
        fn it_does_not_matter_whether_a_replica_hears_itself(partition in 0..PARTITIONS, others in prop::collection::btree_set("[0-9a-f]{4}", 0..8)) {
            let me = "7777".to_owned();
            let mut with_me = others.clone();
            with_me.insert(me.clone());
            prop_assert_eq!(is_mine(partition, &me, &others), is_mine(partition, &me, &with_me));
        }
    }
}
