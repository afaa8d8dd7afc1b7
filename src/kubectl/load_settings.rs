//! `load nodes`, `load adapter`, `load metrics`: what answers to load and what is measured of it.

use super::output::Output;
use super::session::Session;
use crate::api::yaml;
use crate::base::table::columns;
use crate::base::time::human_duration;
use crate::cluster::World;
use crate::load::feed;

/// The names of all series, with how many points they have and the last one.
pub(super) fn series_table(world: &World) -> String {
    let mut rows = vec![vec!["NAME".to_owned(), "POINTS".to_owned(), "LAST".to_owned()]];
    for (name, track) in world.series().tracks() {
        let last = track.points().last();
        let pairs = track.form.columns.iter().zip(last.into_iter().flat_map(|point| point.values));
        let texts: Vec<String> = pairs.map(|((column, unit), value)| format!("{column} {value:.0}{unit}")).collect();
        rows.push(vec![name.to_string(), track.points().count().to_string(), texts.join(", ")]);
    }
    columns(&rows)
}

/// `load nodes 3..6`: a cluster autoscaler with its bounds.
pub(super) fn nodes(bounds: Option<&str>, world: &mut World, out: &mut Output) -> Result<(), String> {
    match bounds {
        Some("off") => world.autoscale_nodes(0, 0),
        Some(bounds) => {
            let (least, most) = bounds.split_once("..").unwrap_or(("1", bounds));
            let number = |text: &str| text.parse::<usize>().map_err(|_| "load nodes MIN..MAX|off".to_owned());
            let (least, most) = (number(least)?, number(most)?);
            if most == 0 || least > most {
                return Err("load nodes MIN..MAX: the second is at least the first".to_owned());
            }
            world.autoscale_nodes(least, most);
        }
        None => {}
    }
    out.line(match world.node_bounds() {
        Some((least, most)) => format!("a cluster autoscaler keeps {least} to {most} nodes"),
        None => "there is no cluster autoscaler".to_owned(),
    });
    let judged = world.judged_nodes();
    if bounds.is_none() && !judged.is_empty() {
        let mut rows = vec![["NODE", "USED", "STATE"].map(str::to_owned).to_vec()];
        for node in judged {
            let state = match node.needed {
                Ok(why) => format!("needed: {why}"),
                Err(since) => format!("not needed for {}", human_duration(world.now().since(since))),
            };
            rows.push(vec![node.node.to_string(), format!("{}%", node.used_milli / 10), state]);
        }
        out.out(columns(&rows));
    }
    Ok(())
}

/// `load adapter on`: a metrics adapter that tells of requests.
pub(super) fn adapter(switch: Option<&str>, world: &mut World, out: &mut Output) -> Result<(), String> {
    let on = match switch {
        Some("on") => true,
        Some("off") => false,
        _ => return Err("load adapter on|off".to_owned()),
    };
    world.set_metrics_adapter(on);
    out.line(match on {
        true => "a metrics adapter serves custom.metrics.k8s.io: requests_per_second of pods, Services and Ingresses",
        false => "no metrics adapter serves custom.metrics.k8s.io any more",
    });
    Ok(())
}

pub(super) fn metrics(
    file: Option<&str>,
    namespace: &str,
    stdin: Option<&str>,
    world: &mut World,
    session: &Session,
    out: &mut Output,
) -> Result<(), String> {
    if file == Some("off") {
        world.forget_given_metrics();
        out.line("metrics are measured again");
        return Ok(());
    }
    let text = match (file, stdin) {
        (Some("-"), Some(text)) => text,
        (Some(file), _) => session.file(file).ok_or_else(|| format!("{file}: no such file"))?,
        (None, _) => return Err("load metrics FILE: which file?".to_owned()),
    };
    let mut given = Vec::new();
    for document in yaml::parse(text) {
        if let Some(fault) = &document.error {
            return Err(format!("{}: {}", file.unwrap_or("-"), fault.message));
        }
        if let Some(root) = document.root {
            given.extend(feed::read(&root.to_value(), world.now(), namespace)?);
        }
    }
    let count = given.len();
    world.give_metrics(given);
    let what = if count == 1 { "1 value is".to_owned() } else { format!("{count} values are") };
    out.line(format!("{what} given in place of measured ones"));
    Ok(())
}
