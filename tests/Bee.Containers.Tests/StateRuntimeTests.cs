using System.Globalization;
using System.Text.RegularExpressions;
using Bee.Containers.Runtimes;

namespace Bee.Containers.Tests;

/// <summary>The runtimes that are read from files.</summary>
public sealed class StateRuntimeTests : IDisposable
{
    private const string PodmanId = "f05f68ea02a7d4847ea39e01a4f31a313e9c45ff8f482fda1603e3934728a752", CrioId = "89daba6aced3a6ac731ca2934af759eb1b230b62e6c8d9742dbf0453a1435325",
        CrioSandbox = "7f8e68b0361f10dabfce07f7bc11f7ccc8f0d5e6ca29b1b873da4cfcab5d2852", Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private readonly TemporaryState _state = new();

    public void Dispose() => _state.Dispose();

    private RuntimeFolder Folder(string name = "", uint user = 0) => new(_state.In(name), user);

    private StorageRuntime Storage(params OciRuntime[] states) => new(new StorageFolder(Folder("storage")), states, 0);

    private static string Start(int process) => File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat")).Split(") ")[^1].Split(' ')[19];

    [RootFact]
    public void Podman_storage_has_the_name_and_the_image()
    {
        _state.Write("storage/overlay-containers/containers.json", TemporaryState.Recorded("podman-containers.json"));
        Assert.Equal(new ContainerRecord { Id = PodmanId, Name = "bee-rt", Image = "localhost/bee-base:1" }, Storage().Find(PodmanId, default));
        Assert.Null(Storage().Find(Id, default));
        Assert.Empty(Storage().List(default));
    }

    [RootFact]
    public void Podman_storage_has_the_new_name_of_a_container_that_was_renamed()
    {
        _state.Write("storage/overlay-containers/containers.json", $$$"""[{"id":"{{{PodmanId}}}","names":["after"],"metadata":"{\"name\":\"before\"}"}]""");
        Assert.Equal("after", Storage().Find(PodmanId, default)?.Name);
    }

    [RootFact]
    public void CriO_storage_has_the_pod_and_the_sandbox()
    {
        _state.Write("storage/overlay-containers/volatile-containers.json", TemporaryState.Recorded("crio-containers.json"));
        var container = Storage().Find(CrioId, default)!;
        Assert.Equal(("con-jupyter", "jupyter-3.7-gpu-deployment-9679459ff-tf4k9", "nps"), (container.Name, container.Pod, container.Namespace));
        Assert.Equal("192.168.210.242:5000/nps-jupyter-gpu@sha256:a3b277cc8e505790055b58d90e343868137e1a294d34845887932dec1e9746b0", container.Image);
        var sandbox = Storage().Find(CrioSandbox, default)!;
        Assert.Equal(("POD", "jupyter-3.7-gpu-deployment-9679459ff-tf4k9", "nps"), (sandbox.Name, sandbox.Pod, sandbox.Namespace));
    }

    [RootFact]
    public void Podman_storage_that_changes_is_read_again()
    {
        StorageRuntime storage = Storage();
        Assert.Null(storage.Find(PodmanId, default));
        _state.Write("storage/vfs-containers/containers.json", "[");
        Assert.Null(storage.Find(PodmanId, default));
        _state.Write("storage/vfs-containers/containers.json", TemporaryState.Recorded("podman-containers.json"));
        Assert.NotNull(storage.Find(PodmanId, default));
        File.Delete(_state.In("storage/vfs-containers/containers.json"));
        Assert.Null(storage.Find(PodmanId, default));
    }

    [RootFact]
    public void Podman_storage_with_garbage_has_no_container()
    {
        foreach (string text in new[] { "null", "{}", "[null, 1, [], {}]", "[{\"id\":1}]", $"[{{\"id\":\"{PodmanId}\"}}]", $"[{{\"id\":\"{PodmanId}\",\"metadata\":\"[\"}}]", $"[{{\"id\":\"{PodmanId}\",\"metadata\":{{}}}}]", $"[{{\"id\":\"{PodmanId}\",\"\\ud800-half-a-pair\":1}}]" })
        {
            _state.Write("storage/overlay-containers/containers.json", text);
            Assert.Null(Storage().Find(PodmanId, default));
        }

        _state.Write("storage/overlay-containers/containers.json", $$$"""[{"id":"{{{PodmanId}}}","metadata":"{\"name\":\"a\\u001b[2Jb\"}"}]""");
        Assert.Equal("a\uFFFD[2Jb", Storage().Find(PodmanId, default)?.Name);
    }

    [RootFact]
    public void Runc_state_of_podmans_container_leads_to_its_storage()
    {
        _state.Write("storage/overlay-containers/containers.json", TemporaryState.Recorded("podman-containers.json"));
        string state = TemporaryState.Recorded("runc-state.json").Replace("STORAGE", _state.In("storage"), StringComparison.Ordinal);
        _state.Write($"runc/{PodmanId}/state.json", Running(state, int.MaxValue, "1"));
        var runc = new OciRuntime("runc", Folder("runc"));

        // The process has ended.
        string cgroup = $"/libpod_parent/libpod-{PodmanId}";
        Assert.Equal(new ContainerRecord { Id = PodmanId, Name = "bee-rt", Image = "localhost/bee-base:1", CgroupPath = cgroup }, runc.Find(PodmanId, default));
        Assert.Empty(runc.List(default));

        int own = Environment.ProcessId;
        _state.Write($"runc/{PodmanId}/state.json", Running(state, own, Start(own)));
        ContainerRecord running = Assert.Single(runc.List(default));
        Assert.Equal(own, running.ProcessId);
        Assert.Equal(running, Assert.Single(Storage(runc).List(default)));

        // The kernel has given the id to another process.
        _state.Write($"runc/{PodmanId}/state.json", Running(state, own, "1"));
        Assert.Empty(runc.List(default));
    }

    [RootFact]
    public void Runc_container_with_a_chosen_id_has_it_as_its_name()
    {
        _state.Write("runc/web/state.json", """{"id":"web","cgroup_paths":{"":"/sys/fs/cgroup/system.slice/runc-web.scope"}}""");
        _state.Write("runc/old/state.json", """{"id":"old","cgroup_paths":{"name=systemd":"/sys/fs/cgroup/systemd/user/old","memory":"/sys/fs/cgroup/memory/x"}}""");
        var runc = new OciRuntime("runc", Folder("runc"));
        Assert.Equal(new ContainerRecord { Id = "web", Name = "web", CgroupPath = "/system.slice/runc-web.scope" }, runc.Find("web", default));
        Assert.Equal("/user/old", runc.Find("old", default)?.CgroupPath);
        Assert.Null(runc.Find("../runc/web", default));
        Assert.Null(runc.Find("absent", default));
    }

    [RootFact]
    public void Runc_state_of_an_engine_that_is_unknown_is_not_a_name()
    {
        _state.Write($"runc/{Id}/state.json", $$$"""{"id":"{{{Id}}}","config":{"labels":["bundle=/elsewhere/{{{Id}}}","io.kubernetes.cri.container-name=other"]}}""");
        Assert.Null(new OciRuntime("runc", Folder("runc")).Find(Id, default));
    }

    [RootFact]
    public void Runc_bundle_of_another_container_is_not_used()
    {
        _state.Write("storage/overlay-containers/containers.json", TemporaryState.Recorded("podman-containers.json"));
        _state.Write($"runc/{Id}/state.json", $$$"""{"id":"{{{Id}}}","config":{"labels":["bundle={{{_state.Path}}}/storage/overlay-containers/{{{PodmanId}}}/userdata"]}}""");
        Assert.Null(new OciRuntime("runc", Folder("runc")).Find(Id, default));
    }

    [RootFact]
    public void Runc_label_of_an_image_does_not_replace_the_runtimes_own()
    {
        string own = $"bundle={_state.Path}/tasks/k8s.io/{Id}";
        _state.Write($"tasks/k8s.io/{Id}/config.json", """{"annotations":{"io.kubernetes.cri.container-name":"mine"}}""");
        _state.Write($"fake/k8s.io/{Id}/config.json", """{"annotations":{"io.kubernetes.cri.container-name":"other"}}""");
        _state.Write($"runc/{Id}/state.json", $$$"""{"id":"{{{Id}}}","config":{"labels":["bundle={{{_state.Path}}}/fake/k8s.io/{{{Id}}}","{{{own}}}"]}}""");
        Assert.Equal("mine", new OciRuntime("runc", Folder("runc")).Find(Id, default)?.Name);
    }

    [RootFact]
    public void Crun_status_has_the_cgroup_and_the_bundle()
    {
        _state.Write("storage/overlay-containers/containers.json", TemporaryState.Recorded("podman-containers.json"));
        int own = Environment.ProcessId;
        _state.Write($"crun/{PodmanId}/status", $$"""{"pid":{{own}},"process-start-time":{{Start(own)}},"cgroup-path":"/machine.slice/libpod-{{PodmanId}}.scope","scope":"","rootfs":"/","systemd-cgroup":true,"bundle":"{{_state.Path}}/storage/overlay-containers/{{PodmanId}}/userdata","created":"2026-12-01T07:05:29Z","detached":true,"external_descriptors":"[]"}""");
        ContainerRecord found = Assert.Single(new OciRuntime("crun", Folder("crun")).List(default));
        Assert.Equal(("bee-rt", own, $"/machine.slice/libpod-{PodmanId}.scope"), (found.Name, found.ProcessId, found.CgroupPath));
    }

    [RootFact]
    public void Containerd_bundle_of_CRI_has_the_pod()
    {
        _state.Write($"k8s.io/{Id}/config.json", $$$"""{"annotations":{"io.kubernetes.cri.container-name":"app","io.kubernetes.cri.container-type":"container","io.kubernetes.cri.image-name":"docker.io/library/nginx:1","io.kubernetes.cri.sandbox-id":"x","io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"shop"},"linux":{"cgroupsPath":"/kubepods/pod1/{{{Id}}}"}}""");
        _state.Write($"k8s.io/{Id}/init.pid", "4711");
        Assert.Equal(
            new ContainerRecord { Id = Id, Name = "app", Image = "docker.io/library/nginx:1", Pod = "web-0", Namespace = "shop", ProcessId = 4711, CgroupPath = $"/kubepods/pod1/{Id}" },
            new TaskFolder(Folder()).Find(Id, default));
        _state.Write($"k8s.io/{Id}/config.json", """{"annotations":{"io.kubernetes.cri.container-type":"sandbox","io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"shop"},"linux":{"cgroupsPath":"kubepods.slice:cri-containerd:x"}}""");
        ContainerRecord sandbox = Assert.Single(new TaskFolder(Folder()).List(default));
        Assert.Equal(("POD", "web-0", "shop", null), (sandbox.Name, sandbox.Pod, sandbox.Namespace, sandbox.CgroupPath));
    }

    [RootFact]
    public void Containerd_bundle_outside_of_CRI_has_no_pod()
    {
        const string Text = """{"annotations":{"io.kubernetes.cri.container-name":"other","io.kubernetes.cri.sandbox-name":"other"}}""";
        _state.Write("default/bee-ctr/config.json", Text);
        _state.Write($"default/{Id}/config.json", """{"annotations":{"nerdctl/name":"db","io.kubernetes.cri.sandbox-name":"other"}}""");
        _state.Write($"moby/{PodmanId}/config.json", Text);
        var tasks = new TaskFolder(Folder());
        Assert.Equal(new ContainerRecord { Id = "bee-ctr", Name = "bee-ctr" }, tasks.Find("bee-ctr", default));
        Assert.Equal(new ContainerRecord { Id = Id, Name = "db" }, tasks.Find(Id, default));
        Assert.Null(tasks.Find(PodmanId, default));
        Assert.Null(tasks.Find("../default/bee-ctr", default));
    }

    [RootFact]
    public void Docker_folder_has_the_name_and_the_image()
    {
        _state.Write($"containers/{Id}/config.v2.json", $$$"""{"State":{"Running":true,"Paused":false,"Pid":4711},"ID":"{{{Id}}}","Config":{"Image":"nginx:1.27","Labels":{"io.kubernetes.pod.name":"other"}},"Image":"sha256:1","Name":"/web"}""");
        var docker = new DockerFolder(Folder());
        Assert.Equal(new ContainerRecord { Id = Id, Name = "web", Image = "nginx:1.27", ProcessId = 4711 }, docker.Find(Id, default));
        Assert.Single(docker.List(default));
        Assert.Null(docker.Find("..", default));
        _state.Write($"containers/{Id}/config.v2.json", """{"ID":"another","Name":"/web"}""");
        Assert.Null(docker.Find(Id, default));
    }

    [Fact]
    public void Docker_name_of_a_kubernetes_container_counts_only_with_its_labels()
    {
        var labels = Json.Parse("""{"io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"shop"}"""u8.ToArray())!.RootElement;
        ContainerRecord pod = DockerNames.Read(Id, "/k8s_app_web-0_shop_db8524d6-dc30-4916-9e99-cf866ef5312d_0", "nginx", labels);
        Assert.Equal(("app", "web-0", "shop"), (pod.Name, pod.Pod, pod.Namespace));
        ContainerRecord plain = DockerNames.Read(Id, "/web", "nginx", labels);
        Assert.Equal(("web", null, null), (plain.Name, plain.Pod, plain.Namespace));
        ContainerRecord unlabelled = DockerNames.Read(Id, "/k8s_app_web-0_shop_db8524d6-dc30-4916-9e99-cf866ef5312d_0", "nginx", default);
        Assert.Null(unlabelled.Pod);
    }

    [RootFact]
    public void Machine_that_is_a_container_has_its_leader()
    {
        _state.Write("web", "# This is private data. Do not parse.\nNAME=web\nSCOPE=machine-web.scope\nSERVICE=nspawn\nROOT=/var/lib/machines/web\nID=1\nLEADER=4711\nCLASS=container\nREALTIME=1\n");
        _state.Write("vm", "NAME=vm\nCLASS=vm\nLEADER=1\n");
        _state.Write("fake", "NAME=web\nCLASS=container\n");
        File.CreateSymbolicLink(_state.In("unit:machine-web.scope"), "web");
        ContainerRecord found = Assert.Single(new MachineFolder(Folder()).List(default));
        Assert.Equal(new ContainerRecord { Id = "web", Name = "web", Image = "/var/lib/machines/web", ProcessId = 4711 }, found);
    }

    [RootFact]
    public void A_users_records_belong_to_that_user()
    {
        _state.Write("storage/overlay-containers/containers.json", TemporaryState.Recorded("podman-containers.json"));
        _state.Write("runc/web/state.json", "{}");
        _state.Write("tasks/default/web/config.json", "{}");
        _state.Give(TemporaryState.Bob);
        const uint Bob = TemporaryState.Bob;
        IContainerRuntime[] all = [new StorageRuntime(new StorageFolder(Folder("storage", Bob)), [], Bob), new OciRuntime("runc", Folder("runc", Bob)), new TaskFolder(Folder("tasks", Bob))];
        Assert.All(all, runtime => Assert.Equal((Bob, Bob), (runtime.UserId, (runtime.Find(PodmanId, default) ?? runtime.Find("web", default))!.UserId)));

        // The same files are not trusted as root's.
        all = [new StorageRuntime(new StorageFolder(Folder("storage")), [], 0), new OciRuntime("runc", Folder("runc")), new TaskFolder(Folder("tasks"))];
        Assert.All(all, runtime => Assert.Null(runtime.Find(PodmanId, default) ?? runtime.Find("web", default)));
    }

    private static string Running(string state, int process, string start)
    {
        state = Regex.Replace(state, "\"init_process_pid\": [0-9]+", string.Create(CultureInfo.InvariantCulture, $"\"init_process_pid\": {process}"));
        return Regex.Replace(state, "\"init_process_start\": [0-9]+", $"\"init_process_start\": {start}");
    }
}
