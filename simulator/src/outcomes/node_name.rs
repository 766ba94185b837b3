//! What the name of a node tells about its step.

/// A node name in its parts.
///
/// Source: `spec/argo.md` §12.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeName<'a> {
    /// The last element, with item and attempt: `scan(1:x.y)(0)`.
    pub display: &'a str,
    /// Without them: `scan`.
    pub step: &'a str,
    /// From 0.
    pub attempt: u32,
}

impl<'a> NodeName<'a> {
    /// Takes `node_name`, of a node of `workflow`, apart: `wf[0].scan(1:x.y)(0)`. A name outside Argo, with an empty
    /// `workflow`, is one element.
    #[must_use]
    pub fn parse(workflow: &str, node_name: &'a str) -> Self {
        let display = last_element(workflow, node_name);
        let attempt = display
            .strip_suffix(')')
            .and_then(|rest| rest.rsplit_once('('))
            // An item always has a colon, an attempt never.
            .and_then(|(_, number)| number.parse().ok());
        Self {
            display,
            step: display.split('(').next().unwrap_or_default(),
            attempt: attempt.unwrap_or(0),
        }
    }
}

fn last_element<'a>(workflow: &str, node_name: &'a str) -> &'a str {
    let below = node_name
        .strip_prefix(workflow)
        .filter(|below| below.starts_with(['.', '[', '(']));
    let Some(below) = below.filter(|_| !workflow.is_empty()) else {
        return node_name;
    };
    let mut depth = 0_u32;
    let mut start = None;
    for (index, c) in below.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '.' if depth == 0 => start = Some(index + 1),
            _ => {}
        }
    }
    start.map_or(node_name, |start| &below[start..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("wf", "wf", "wf", "wf", 0)]
    #[case("wf", "wf(1)", "wf(1)", "wf", 1)]
    #[case("wf", "wf[0].scan", "scan", "scan", 0)]
    #[case("wf", "wf(0)[7].scan(1)", "scan(1)", "scan", 1)]
    #[case("wf", "wf[0].scan(2)", "scan(2)", "scan", 2)]
    #[case(
        "wf",
        "wf.outer[1].inner(0:reg.io/a:1)(3)",
        "inner(0:reg.io/a:1)(3)",
        "inner",
        3
    )]
    #[case("wf", "wf.dag.task(10:7)", "task(10:7)", "task", 0)]
    #[case("my.wf", "my.wf[0].a", "a", "a", 0)]
    #[case("my.wf", "my.wf", "my.wf", "my.wf", 0)]
    #[case("", "plain.pod", "plain.pod", "plain.pod", 0)]
    fn a_node_name_tells_step_and_attempt(
        #[case] workflow: &str,
        #[case] node_name: &str,
        #[case] display: &str,
        #[case] step: &str,
        #[case] attempt: u32,
    ) {
        let expected = NodeName {
            display,
            step,
            attempt,
        };
        assert_eq!(NodeName::parse(workflow, node_name), expected);
    }
}
