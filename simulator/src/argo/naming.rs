//! Names and ids of nodes and pods. Source: `spec/argo.md` §12.1.

/// The longest prefix of a pod name in bytes; a dash and a number of up to ten digits follow.
const POD_NAME_PREFIX_BYTES_MAX: usize = 242;

/// FNV-1a with 32 bits over the UTF-8 bytes of `text`.
fn fnv32a(text: &str) -> u32 {
    text.bytes().fold(2_166_136_261, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
    })
}

/// The id of the node called `node` in the Workflow called `workflow`.
pub(crate) fn node_id(workflow: &str, node: &str) -> String {
    if node == workflow {
        return workflow.to_owned();
    }
    format!("{workflow}-{}", fnv32a(node))
}

/// The name of the pod of a node that runs `template`, which is empty for inline templates.
pub(crate) fn pod_name(workflow: &str, node: &str, template: &str) -> String {
    if node == workflow {
        return workflow.to_owned();
    }
    let mut prefix = workflow.to_owned();
    if !template.is_empty() {
        prefix.push('-');
        prefix.push_str(template);
    }
    let mut end = prefix.len().min(POD_NAME_PREFIX_BYTES_MAX);
    while !prefix.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{}", &prefix[..end], fnv32a(node))
}

/// What is left of a node's name without the name of the node around it.
pub(crate) fn display_name(node: &str, boundary: &str) -> String {
    let rest = node.strip_prefix(boundary).unwrap_or(node);
    let after_group = rest
        .strip_prefix('[')
        .and_then(|r| r.split_once(']'))
        .filter(|(digits, _)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        .map_or(rest, |(_, r)| r);
    after_group.strip_prefix('.').unwrap_or(rest).to_owned()
}

/// The step or task that a node comes from, without indices of loops, attempts and groups.
pub(crate) fn step_name(node: &str) -> &str {
    let mut end = node.len();
    let mut opener: Option<char> = None;
    for (at, c) in node.char_indices().rev() {
        match (opener, c) {
            (Some(awaited), c) if awaited == c => {
                opener = None;
                end = at;
            }
            (Some(_), _) => {}
            (None, ')') => opener = Some('('),
            (None, ']') => opener = Some('['),
            (None, _) => break,
        }
    }
    let name = &node[..end];
    name.rsplit_once('.').map_or(name, |(_, last)| last)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("hello-world", 1_116_541_326)]
    #[case("my-wf[0]", 176_059_535)]
    #[case("my-wf[0].hello", 189_801_201)]
    #[case("my-wf[1].loop(0:a)", 2_809_445_638)]
    #[case("my-wf.A", 14_620_098)]
    #[case("my-wf(0)", 2_414_688_558)]
    #[case("my-wf.A(0)", 3_541_136_057)]
    #[case("my-wf.onExit", 288_712_010)]
    #[case("my-wf.hooks.running", 4_103_745_548)]
    #[case("my-wf[0].print(0:fruit:apple,n:1)", 450_751_762)]
    fn a_node_id_ends_in_the_hash_of_its_name(#[case] name: &str, #[case] hash: u32) {
        assert_eq!(node_id("wf", name), format!("wf-{hash}"));
    }

    #[rstest]
    #[case("wf", "main", "wf")]
    #[case("my-wf[0].hello", "print", "wf-print-189801201")]
    #[case("my-wf[0].hello", "", "wf-189801201")]
    fn a_pod_is_named_after_workflow_and_template(
        #[case] node: &str,
        #[case] template: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(pod_name("wf", node, template), expected);
    }

    #[rstest]
    #[case("wf[0].a", "wf", "a")]
    #[case("wf[0]", "wf", "[0]")]
    #[case("wf.A(0:x)", "wf", "A(0:x)")]
    #[case("wf(0)[2].a(1)", "wf(0)", "a(1)")]
    #[case("wf(0)", "wf", "(0)")]
    fn a_display_name_leaves_out_the_boundary(
        #[case] node: &str,
        #[case] boundary: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(display_name(node, boundary), expected);
    }

    #[rstest]
    #[case("wf(0)[0].fanout1(0:1)(0)[0]", "fanout1")]
    #[case("wf.a", "a")]
    #[case("wf[0].check-src(0)", "check-src")]
    fn a_step_is_found_in_a_node_name(#[case] node: &str, #[case] expected: &str) {
        assert_eq!(step_name(node), expected);
    }
}
