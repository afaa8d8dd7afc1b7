//! Which addresses and ports Services are given, against upstream's own tables.

use core::net::IpAddr;
use std::collections::BTreeSet;

use kubottle::api::ObjectKey;
use kubottle::store::allocator::{lower_band, Allocations, Refusal};
use kubottle::store::ip_range::IpRange;
use serde_json::Value as Json;

fn range(cidr: &str) -> IpRange {
    let (ip, prefix) = cidr.split_once('/').unwrap();
    IpRange::new(ip.parse().unwrap(), prefix.parse().unwrap())
}

fn owner(n: u64) -> ObjectKey {
    ObjectKey::new("default", format!("s{n}"))
}

#[test]
fn ranges_and_bands_are_upstreams() {
    let data: Json = serde_json::from_str(include_str!("../data/network/alloc.json")).unwrap();
    for case in data["cases"].as_array().unwrap() {
        let (name, input, expect) = (case["name"].as_str().unwrap(), &case["input"], &case["expect"]);
        let cidr = || range(input["cidr"].as_str().unwrap());
        match name.split('/').next().unwrap() {
            "Test_calculateRangeOffset" if input["cidr"].is_null() => {
                let size = input["args"]["pr"]["size"].as_u64().unwrap();
                assert_eq!(lower_band(size, 32, 16, 128), expect["want"].as_u64().unwrap(), "{name}");
            }
            "Test_calculateRangeOffset" => {
                assert_eq!(cidr().lower_band(), expect["want"].as_u64().unwrap(), "{name}");
            }
            "Test_hostsPerNetwork" => assert_eq!(cidr().hosts(), expect["addrs"].as_u64().unwrap(), "{name}"),
            // The older allocator's bitmap ends after 65,536 addresses, as a network of 112 bits does.
            "TestAllocate" if cidr().hosts() > 65_535 => {
                let network = input["cidr"].as_str().unwrap().split('/').next().unwrap();
                allocate(name, &range(&format!("{network}/112")), input, expect);
            }
            "TestAllocate" | "TestAllocateIPAllocator" => allocate(name, &cidr(), input, expect),
            other => panic!("a function that is not known: {other}"),
        }
    }
}

/// What upstream's test does: addresses from elsewhere are refused, all others are given out once each, and one that is
/// given back is the next.
fn allocate(name: &str, range: &IpRange, input: &Json, expect: &Json) {
    let mut allocations = Allocations::default();
    let ip = |text: &Json| text.as_str().unwrap().parse::<IpAddr>().unwrap();
    for outside in input["outOfRange"].as_array().unwrap() {
        let refusal = allocations.take_ip(range, ip(outside), &owner(0));
        assert!(matches!(refusal, Err(Refusal::OtherNetwork | Refusal::OutOfRange)), "{name}: {outside}");
    }
    let free = expect["free"].as_u64().unwrap();
    assert_eq!(free, range.hosts(), "{name}");
    let taken = ip(&input["alreadyAllocated"]);
    allocations.take_ip(range, taken, &owner(0)).unwrap();
    assert_eq!(allocations.take_ip(range, taken, &owner(1)), Err(Refusal::Taken), "{name}");
    if free > 5_000 {
        let rest = (0..free).map(|index| range.address(index)).filter(|ip| *ip != taken);
        rest.for_each(|ip| allocations.take_ip(range, ip, &owner(1)).unwrap());
        return last_one(name, &mut allocations, range, expect);
    }
    let drawn: Vec<IpAddr> = (1..free).map(|n| allocations.draw_ip(range, 1, &owner(n)).unwrap()).collect();
    assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len() as u64, free - 1);
    let lower: BTreeSet<IpAddr> = (0..range.lower_band()).map(|index| range.address(index)).collect();
    let last = drawn.len() - (lower.len() - 1);
    assert!(drawn[..last].iter().all(|ip| !lower.contains(ip)) && drawn[last..].iter().all(|ip| lower.contains(ip)));
    last_one(name, &mut allocations, range, expect);
}

/// Where nothing is left, what is given back is the next.
fn last_one(name: &str, allocations: &mut Allocations, range: &IpRange, expect: &Json) {
    assert_eq!(allocations.draw_ip(range, 1, &owner(0)), Err(Refusal::Full), "{name}");
    let released = expect["released"].as_str().unwrap();
    allocations.release_ip(released);
    assert_eq!(allocations.draw_ip(range, 1, &owner(0)).unwrap().to_string(), released, "{name}");
}

/// Models pkg/registry/core/service/portallocator TestAllocate and TestAllocateReserved.
#[test]
fn ports_are_given_out_once_each_and_the_upper_band_first() {
    let (range, mut allocations) = ((10_000, 10_200), Allocations::default());
    for port in [-1, 0, 9_999, 10_201, 70_000] {
        assert_eq!(allocations.take_port(range, port, &owner(0)), Err(Refusal::OutOfRange), "{port}");
    }
    let drawn: Vec<u16> = (0..201).map(|n| allocations.draw_port(range, 1, &owner(n), 0).unwrap()).collect();
    assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), 201);
    assert!(drawn[..185].iter().all(|port| *port >= 10_016) && drawn[185..].iter().all(|port| *port < 10_016));
    assert_eq!(allocations.draw_port(range, 1, &owner(0), 0), Err(Refusal::Full));
    allocations.release_port(10_005);
    assert_eq!(allocations.take_port(range, 10_005, &owner(1)), Ok(10_005));
    assert_eq!(allocations.take_port(range, 10_005, &owner(1)), Err(Refusal::Taken));
}
