using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Containers;

/// <summary>No cluster runs here: the schemas of Kubernetes read the manifests, and they are asked for what an operator relies on.</summary>
public sealed class KubernetesTests
{
    private static readonly string Folder = Path.Combine(Program.RepositoryRoot(), "deploy", "kubernetes");

    private static readonly Lazy<Task<(string[] Mistakes, JsonNode[] Objects)>> Read = new(ReadAsync);

    private static async Task<(string[] Mistakes, JsonNode[] Objects)> ReadAsync()
    {
        var list = JsonNode.Parse(await Node.RunAsync("yaml.mjs", Path.Combine(Folder, "kustomization.yaml")))![0]!;
        var files = list["resources"]!.AsArray().Select(file => (string)file!).ToList();
        Assert.Equal(
            Directory.EnumerateFiles(Folder).Select(Path.GetFileName).Except(["kustomization.yaml"]).Order(),
            files.Order()
        );
        var lines = (await Node.RunAsync("kubernetes.mjs", [.. files.Select(file => Path.Combine(Folder, file))]))
            .Trim()
            .Split('\n');
        return (lines[..^1], [.. JsonNode.Parse(lines[^1])!.AsArray().Select(node => node!)]);
    }

    private static async Task<JsonNode[]> OfKindAsync(params string[] kinds) =>
        [.. (await Read.Value).Objects.Where(item => kinds.Contains((string)item["kind"]!))];

    private static string Labels(JsonNode? labels) =>
        string.Join(',', labels!.AsObject().OrderBy(label => label.Key).Select(label => $"{label.Key}={label.Value}"));

    [Fact]
    public async Task The_schemas_have_nothing_to_say()
    {
        var (mistakes, objects) = await Read.Value;
        Assert.Empty(mistakes);
        Assert.Equal(
            [
                "ConfigMap",
                "Deployment",
                "Deployment",
                "HorizontalPodAutoscaler",
                "Ingress",
                "Job",
                "Namespace",
                "NetworkPolicy",
                "PodDisruptionBudget",
                "PodDisruptionBudget",
                "Service",
                "Service",
            ],
            objects.Select(item => (string)item["kind"]!).Order(StringComparer.Ordinal)
        );
        Assert.All(
            objects.Where(item => (string)item["kind"]! != "Namespace"),
            item => Assert.Equal("bookit", (string?)item["metadata"]!["namespace"])
        );
    }

    [Fact]
    public async Task Every_pod_meets_the_restricted_standard()
    {
        var pods = (await OfKindAsync("Deployment", "Job"))
            .Select(item => item["spec"]!["template"]!["spec"]!)
            .ToList();
        Assert.Equal(3, pods.Count);
        Assert.All(
            pods,
            pod =>
            {
                Assert.True((bool)pod["securityContext"]!["runAsNonRoot"]!);
                Assert.Equal("RuntimeDefault", (string)pod["securityContext"]!["seccompProfile"]!["type"]!);
                Assert.False((bool)pod["automountServiceAccountToken"]!);
                var container = Assert.Single(pod["containers"]!.AsArray())!;
                Assert.False((bool)container["securityContext"]!["allowPrivilegeEscalation"]!);
                Assert.True((bool)container["securityContext"]!["readOnlyRootFilesystem"]!);
                Assert.Equal(
                    "ALL",
                    (string)Assert.Single(container["securityContext"]!["capabilities"]!["drop"]!.AsArray())!
                );
                Assert.NotNull(container["resources"]!["limits"]!["memory"]);
            }
        );
    }

    [Fact]
    public async Task Whatever_selects_pods_finds_some_and_the_names_fit_together()
    {
        var pods = (await OfKindAsync("Deployment")).Select(item =>
            Labels(item["spec"]!["template"]!["metadata"]!["labels"])
        );
        var selecting = (await OfKindAsync("Deployment", "PodDisruptionBudget"))
            .Select(item => item["spec"]!["selector"]!["matchLabels"])
            .Concat((await OfKindAsync("Service")).Select(item => item["spec"]!["selector"]))
            .Concat(
                (await OfKindAsync("Deployment")).Select(item =>
                    item["spec"]!["template"]!["spec"]!["topologySpreadConstraints"]![0]!["labelSelector"]![
                        "matchLabels"
                    ]
                )
            );
        Assert.All(selecting, labels => Assert.Contains(Labels(labels), pods));

        var services = (await OfKindAsync("Service")).Select(item => (string)item["metadata"]!["name"]!);
        var ingress = Assert.Single(await OfKindAsync("Ingress"));
        Assert.All(
            ingress["spec"]!["rules"]![0]!["http"]!["paths"]!.AsArray(),
            path => Assert.Contains((string)path!["backend"]!["service"]!["name"]!, services)
        );
        var scaler = Assert.Single(await OfKindAsync("HorizontalPodAutoscaler"));
        Assert.Contains(
            (string)scaler["spec"]!["scaleTargetRef"]!["name"]!,
            (await OfKindAsync("Deployment")).Select(item => (string)item["metadata"]!["name"]!)
        );
    }

    [Fact]
    public async Task Pods_are_probed_at_addresses_that_are_there_and_stop_within_their_time()
    {
        foreach (var deployment in await OfKindAsync("Deployment"))
        {
            var pod = deployment["spec"]!["template"]!["spec"]!;
            var container = pod["containers"]![0]!;
            string Probed(string probe) => (string)container[probe]!["httpGet"]!["path"]!;
            Assert.Equal(
                ["/health/live", "/health/live", "/health/ready"],
                ((string[])["startupProbe", "livenessProbe", "readinessProbe"]).Select(Probed)
            );
            Assert.InRange((int)pod["terminationGracePeriodSeconds"]!, 20, 60);
        }
    }
}
