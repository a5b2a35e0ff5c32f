namespace Bee.Containers.Tests;

/// <summary>Cgroup paths that other projects recorded from real hosts, each with the project and the file.</summary>
internal static class RecordedPaths
{
    private const string Coroot = "coroot/coroot-node-agent cgroup/cgroup_test.go", CorootProcess = "coroot/coroot-node-agent cgroup/fixtures/proc/",
        Tetragon = "cilium/tetragon pkg/sensors/exec/procevents/proc_test.go", Spire = "spiffe/spire pkg/agent/plugin/workloadattestor/", Cadvisor = "google/cadvisor lib/container/",
        Tracee = "aquasecurity/tracee pkg/datastores/container/containers_test.go", Apm = "elastic/apm-agent-java ContainerInfoTest.java",
        OpenTelemetryJava = "open-telemetry/opentelemetry-java-instrumentation CgroupV1ContainerIdExtractorTest.java";

    /// <summary>Path, runtime, id, user, source.</summary>
    public static TheoryData<string, string, string, uint, string> Containers => new()
    {
        // Docker.
        { "/docker/b43d92bf1e5c6f78bb9b7bc6f40721280299855ba692092716e3a1b6c0b86f3f", "docker", "b43d92bf1e5c6f78bb9b7bc6f40721280299855ba692092716e3a1b6c0b86f3f", 0, CorootProcess + "200 (v1)" },
        { "/docker/5aaf9eb7648eeb1459d86eaa0ace8bcfa93089642e5c3113a14250dae3238aaf", "docker", "5aaf9eb7648eeb1459d86eaa0ace8bcfa93089642e5c3113a14250dae3238aaf", 0, Tetragon + " (v2)" },
        { "/docker/875f9d8728e84761e4669b21acbf035b3a3fda62d7f6e35dd857781932cd74e8", "docker", "875f9d8728e84761e4669b21acbf035b3a3fda62d7f6e35dd857781932cd74e8", 0, "falcosecurity/libs test/libsinsp_e2e/threadinfo.cpp" },
        { "/system.slice/docker-e397c8dcbb3fbf1dfdf05eb4bd5c45bb78066506ac662b481fb475b05cca28da.scope", "docker", "e397c8dcbb3fbf1dfdf05eb4bd5c45bb78066506ac662b481fb475b05cca28da", 0, "falcosecurity/libs test/e2e/README.md" },
        { "/system.slice/docker-72e5a5ff5eef3c4222a6551b992b9360a99122f77d2229783f0ee0946dfd800e.scope", "docker", "72e5a5ff5eef3c4222a6551b992b9360a99122f77d2229783f0ee0946dfd800e", 0, "google/cadvisor container/docker/utils/docker_test.go" },
        { "/../../../../system.slice/docker-ba7b10d15d16e10e3de7a2dcd408a3d971169ae303f46cfad4c5453c6326fee2.scope", "docker", "ba7b10d15d16e10e3de7a2dcd408a3d971169ae303f46cfad4c5453c6326fee2", 0, CorootProcess + "500 (relative to a cgroup namespace)" },
        { "/actions_job/ec5fd62ba68d0b75a3cbdb7f7f78b526440b7969e22b2b362fb6f429ded42fdc", "", "ec5fd62ba68d0b75a3cbdb7f7f78b526440b7969e22b2b362fb6f429ded42fdc", 0, Tetragon + " (Docker with a cgroup parent)" },
        { "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod8712f785_1a3e_41ec_a00b_e2dcc77431cb.slice/docker-73051af271105c07e1f493b34856a77e665e3b0b4fc72f76c807dfbffeb881bd.scope", "docker", "73051af271105c07e1f493b34856a77e665e3b0b4fc72f76c807dfbffeb881bd", 0, CorootProcess + "400" },
        { "/kubepods.slice/kubepods-pod22949dce_fd8b_11ea_8ede_98f2b32c645c.slice/docker-b15a5bdedd2e7645c3be271364324321b908314e4c77857bbfd32a041148c07f.scope", "docker", "b15a5bdedd2e7645c3be271364324321b908314e4c77857bbfd32a041148c07f", 0, Apm },
        { "/kubepods/besteffort/pod0d08203e-255a-11e9-8cd9-0007cb0b2cc8/671a50f5d60566556912f61511d0ec9e4d5c78d53fbc4676727180438bbbbc55/kube-proxy", "", "671a50f5d60566556912f61511d0ec9e4d5c78d53fbc4676727180438bbbbc55", 0, Coroot + " (a child of the container)" },
        { "/podruntime/docker/kubepods/docker-dc579f8a8319c8cf7d38e1adf263bc08d230600179b07acfd7eaf9646778dc31", "docker", "dc579f8a8319c8cf7d38e1adf263bc08d230600179b07acfd7eaf9646778dc31", 0, OpenTelemetryJava },

        // containerd by CRI, with the cgroupfs and the systemd driver.
        { "/kubepods/burstable/pod6a4ce4a0-ba47-11ea-b2a7-0cc47ac5979e/17db96a24ae1e9dd57143e62b1cb0d2d35e693c65c774c7470e87b0572e07c1a", "", "17db96a24ae1e9dd57143e62b1cb0d2d35e693c65c774c7470e87b0572e07c1a", 0, Coroot + " (v1)" },
        { "/kubepods/besteffort/pod13cb8437-00ed-40e4-99d8-e17193a58086/a5a6a3af5d51ad95b915ca948710b90a94abc279e84963b9d22a39f342ce67d9", "", "a5a6a3af5d51ad95b915ca948710b90a94abc279e84963b9d22a39f342ce67d9", 0, Tetragon + " (v2)" },
        { "/kubepods/besteffort/podd76e26fba3bf2bfd215eb29011d55250/40af7cdcbe507acad47a5a62025743ad3ddc6ab93b77b21363aa1c1d641047c9", "", "40af7cdcbe507acad47a5a62025743ad3ddc6ab93b77b21363aa1c1d641047c9", 0, Cadvisor + "containerd/factory_test.go (static pod)" },
        { "/kubepods/kubepods/besteffort/pod0e886e9a-3879-45f9-b44d-86ef9df03224/244a65edefdffe31685c42317c9054e71dc1193048cf9459e2a4dd35cbc1dba4", "", "244a65edefdffe31685c42317c9054e71dc1193048cf9459e2a4dd35cbc1dba4", 0, Apm },
        { "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod4415fd05_2c0f_4533_909b_f2180dca8d7c.slice/cri-containerd-713a77a26fe2a38ebebd5709604a048c3d380db1eb16aa43aca0b2499e54733c.scope", "cri-containerd", "713a77a26fe2a38ebebd5709604a048c3d380db1eb16aa43aca0b2499e54733c", 0, OpenTelemetryJava },
        { "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod87c52d60_fefd_45a9_a420_895256fc03b5.slice/cri-containerd-a126df15fba5713f57f1abad9c484cb75569e9f48f1169bd9710f63bb8af0e46.scope", "cri-containerd", "a126df15fba5713f57f1abad9c484cb75569e9f48f1169bd9710f63bb8af0e46", 0, "inspektor-gadget/inspektor-gadget docs/reference/ig.md" },
        { "/kubepods.slice/kubepods-pod48d25824_cbe2_4fdc_9928_5bb49e05473d.slice/cri-containerd-c40dff48f1d53c3f07a50aa12bb9ae0e58c0927dc6b1d77e3f166784722642ad.scope", "cri-containerd", "c40dff48f1d53c3f07a50aa12bb9ae0e58c0927dc6b1d77e3f166784722642ad", 0, "DataDog/datadog-agent pkg/security/secl/containerutils/helpers_test.go (guaranteed pod)" },
        { "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7a96c459_d529_44ae_9f99_90d3798d6426.slice/cri-containerd-1d3d308a7d48a27814a68bf33a44acf4441c9c02463ca0bc1cdfdc8c0b4a8496.scope", "cri-containerd", "1d3d308a7d48a27814a68bf33a44acf4441c9c02463ca0bc1cdfdc8c0b4a8496", 0, "elastic/elastic-agent-system-metrics metric/system/cgroup/reader_test.go (hybrid)" },
        { "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod3e61c214bc3ed9ff81e21474dd6cba17.slice/cri-containerd-c74b0f5062f0bc726cae1e9369ad4a95deed6b298d247f0407475adb23fa3190", "cri-containerd", "c74b0f5062f0bc726cae1e9369ad4a95deed6b298d247f0407475adb23fa3190", 0, Coroot },
        { "/system.slice/cri-containerd-69e8ded3c33c9d5e2b93acd74787b17a8629f74d6707bc5bb9b2e095337d0263.scope", "cri-containerd", "69e8ded3c33c9d5e2b93acd74787b17a8629f74d6707bc5bb9b2e095337d0263", 0, Coroot },

        // containerd with the cgroupfs driver under a kubelet with the systemd driver.
        { "/system.slice/containerd.service/kubepods-burstable-pod4ed02c0b_0df8_4d14_a30e_fd589ee4143a.slice:cri-containerd:d4a9f9195eaf7e4a729f24151101e1de61f1398677e7b82acfb936dff0b4ce55", "cri-containerd", "d4a9f9195eaf7e4a729f24151101e1de61f1398677e7b82acfb936dff0b4ce55", 0, Coroot },
        { "/kubepods-besteffort-pod72f7f152_440c_66ac_9084_e0fc1d8a910c.slice:cri-containerd:b2a102854b4969b2ce98dc329c86b4fb2b06e4ad2cc8da9d8a7578c9cd2004a2", "cri-containerd", "b2a102854b4969b2ce98dc329c86b4fb2b06e4ad2cc8da9d8a7578c9cd2004a2", 0, Spire + "k8s/k8s_posix_test.go" },
        { "/podruntime.slice/containerd.service/kubepods-burstable-pod29349498_197c_4919_b13f_9a928e7d001b.slice:cri-containerd:0ca2b3cd20e5f55a2bbe8d4aa3f811cf7963b40f0542ad147054b0fcb60fc400", "cri-containerd", "0ca2b3cd20e5f55a2bbe8d4aa3f811cf7963b40f0542ad147054b0fcb60fc400", 0, Tetragon },
        { "/kuberuntime/containerd/kubepods-pod872d2066_00ef_48ea_a7d8_51b18b72d739:cri-containerd:e857a4bf05a69080a759574949d7a0e69572e27647800fa7faff6a05a8332aa1", "cri-containerd", "e857a4bf05a69080a759574949d7a0e69572e27647800fa7faff6a05a8332aa1", 0, "open-telemetry/opentelemetry-go sdk/resource/container_test.go" },

        // k3s.
        { "/kubepods/burstable/pod404bd273-57bc-4508-a386-e2b76d3c9cfe/3aaaa76f09e1de6bb75e84f9c15b737a2d590f69757953e3ec262bd5861dc15b", "", "3aaaa76f09e1de6bb75e84f9c15b737a2d590f69757953e3ec262bd5861dc15b", 0, "rancher/k3k pull request 792" },
        { "/kubepods-besteffort-podb7c2cbdb_9ab5_47ef_977e_97e39a73da6d.slice:cri-containerd:66dda1e97c4fc48204b066f07fc1e28bab94a571820484e01576982d4cb9d32b", "cri-containerd", "66dda1e97c4fc48204b066f07fc1e28bab94a571820484e01576982d4cb9d32b", 0, "containerd/runwasi issue 821 (k3s)" },
        { "/kubepods/besteffort/pod85af8291-287b-44b0-897e-c4e6a9c8512b/19e5ed27c5ab22ca59b11ebe481145f03325b330ab94dc2b55b7cec3c5cc35dd", "", "19e5ed27c5ab22ca59b11ebe481145f03325b330ab94dc2b55b7cec3c5cc35dd", 0, "dajudge/kindcontainer issue 341 (k3s)" },

        // CRI-O.
        { "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod2942c55e_c9cb_428a_93f4_eaf89c1f3ce0.slice/crio-49f9e8e5395d57c1083996c09e2e6f042d5fe1ec0310facab32f94912b35ce59.scope", "crio", "49f9e8e5395d57c1083996c09e2e6f042d5fe1ec0310facab32f94912b35ce59", 0, Coroot },
        { "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podea19ff5d_943a_4466_a07e_a71e9e50cc62.slice/crio-21572039dd8398ff8272b031fa5422a40165145ab37f2f8794e1e7f844fe8118.scope/container", "crio", "21572039dd8398ff8272b031fa5422a40165145ab37f2f8794e1e7f844fe8118", 0, Coroot + " (crun)" },
        { "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod90d81341_92de_11e7_8cf2_507b9d4141fa.slice/crio-2227daf62df6694645fee5df53c1f91271546a9560e8600a525690ae252b7f63.scope", "crio", "2227daf62df6694645fee5df53c1f91271546a9560e8600a525690ae252b7f63", 0, Apm },
        { "/kubepods/besteffort/pod43ec7f32-3c9f-429f-a01c-fbaafff9f8e1/crio-1d18fd58f0879f6152a1c421f8f1e0987845394ee17001a16bee2df441c112f3", "crio", "1d18fd58f0879f6152a1c421f8f1e0987845394ee17001a16bee2df441c112f3", 0, "cilium/tetragon" },
        { "/kubepods/pod068e8fa0-9213-11e7-a01f-507b9d4141fa/crio-81e5c2990803c383229c9680ce964738d5e566d97f5bd436ac34808d2ec75d5f", "crio", "81e5c2990803c383229c9680ce964738d5e566d97f5bd436ac34808d2ec75d5f", 0, Cadvisor + "crio/factory_test.go" },
        { "/../crio-45490e76e0878aaa4d9808f7d2eefba37f093c3efbba9838b6d8ab804d9bd814.scope", "crio", "45490e76e0878aaa4d9808f7d2eefba37f093c3efbba9838b6d8ab804d9bd814", 0, Spire + "k8s/k8s_posix_test.go (relative to a cgroup namespace)" },

        // kind: nodes are containers, the outermost container is the node.
        { "/docker/93529524695bb00d91c1f6dba692ea8d3550c3b94fb2463af7bc9ec82f992d26/kubepods/besteffort/poda2830d0d-b0f0-4ff0-81b5-0ee4e299cf80/09bc3d7ade839efec32b6bec4ec79d099027a668ddba043083ec21d3c3b8f1e6", "docker", "93529524695bb00d91c1f6dba692ea8d3550c3b94fb2463af7bc9ec82f992d26", 0, Spire + "k8s/k8s_posix_test.go" },
        { "/docker/93529524695bb00d91c1f6dba692ea8d3550c3b94fb2463af7bc9ec82f992d26/system.slice/containerd.service", "docker", "93529524695bb00d91c1f6dba692ea8d3550c3b94fb2463af7bc9ec82f992d26", 0, Spire + "k8s/k8s_posix_test.go" },
        { "/system.slice/docker-1b3319ed9c1d4cca681f9c102da9b015555785b6240c4e4619f11b535cabdc07.scope/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podeb653d22_2525_47ca_9fc4_3762497ae1d2.slice/docker-84e9ffffe97fea4c5a0f01d401611cbafbf7e559fc6190ed74abfc2b25e889d4.scope", "docker", "1b3319ed9c1d4cca681f9c102da9b015555785b6240c4e4619f11b535cabdc07", 0, Tetragon + " (minikube)" },
        { "/system.slice/docker-c1146e7ccca9ab4436abd69923c07d097b37b762ed21cc3f24584c2f84e77c57.scope/kubelet/kubepods/pod55db13a1-c151-4cdd-a48b-e002a2b1fb58/21e677e6fe95215ea48bcb5609c10e67ba8e76a7a3ea749af704e72260eb93fe", "docker", "c1146e7ccca9ab4436abd69923c07d097b37b762ed21cc3f24584c2f84e77c57", 0, Tetragon },
        { "/system.slice/docker-1b3319ed9c1d4cca681f9c102da9b015555785b6240c4e4619f11b535cabdc07.scope/init.scope", "docker", "1b3319ed9c1d4cca681f9c102da9b015555785b6240c4e4619f11b535cabdc07", 0, Tetragon },

        // Podman: as root, rootless, in pods, below a service (quadlet).
        { "/machine.slice/libpod-89e89703fbd1e88b72d279d951ce389d3742874205196d73f96e0dcbc0da0659.scope/container", "libpod", "89e89703fbd1e88b72d279d951ce389d3742874205196d73f96e0dcbc0da0659", 0, Tetragon },
        { "/libpod_parent/libpod-01f3c60cfaadbb51e4d5947dd2ef0480d53551cbcee8f3ada8c3723b2bf03bf4", "libpod", "01f3c60cfaadbb51e4d5947dd2ef0480d53551cbcee8f3ada8c3723b2bf03bf4", 0, Tetragon + " (cgroupfs)" },
        { "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-6fb480da903b96185cd497db694641d13534e2b80cf4cb738b6691677146adea.scope/container", "libpod", "6fb480da903b96185cd497db694641d13534e2b80cf4cb738b6691677146adea", 1000, Tetragon },
        { "/user.slice/user-1001.slice/user@1001.service/user.slice/libpod-132ff0d72245e6f13a3bbc6cdc5376886897b60ac59eaa8dea1df7ab959cbf1c.scope", "libpod", "132ff0d72245e6f13a3bbc6cdc5376886897b60ac59eaa8dea1df7ab959cbf1c", 1001, "opencontainers/runc libcontainer/cgroups/systemd/v2.go" },
        { "/user.slice/user-2000.slice/user@2000.service/user.slice/libpod/6469646e742065787065637420616e796f6e6520746f20726561642074686973", "libpod", "6469646e742065787065637420616e796f6e6520746f20726561642074686973", 2000, Spire + "docker/docker_posix_test.go (cgroupfs)" },
        { "/machine.slice/machine-libpod_pod_71b289d2028f1c5a5557efaee6f352615311e199997f0ec2fa5b579876eb9e07.slice/libpod-6d6d61f09fc1c86833314aa7ed0065c087b707c3cf5687d5b5e9c7699d7dcc72.scope", "libpod", "6d6d61f09fc1c86833314aa7ed0065c087b707c3cf5687d5b5e9c7699d7dcc72", 0, "containers/podman docs/source/markdown/podman-pod-inspect.1.md.in (CgroupPath and InfraContainerID)" },
        { "/system.slice/nginx.service/libpod-payload-9687bac58d5c4d1606aa46af33d1a21c1d1652e0ac9fb3fc0fc86e3495f42869", "libpod", "9687bac58d5c4d1606aa46af33d1a21c1d1652e0ac9fb3fc0fc86e3495f42869", 0, "systemctl status of a quadlet, 2024-04-09" },
        { "/user.slice/user-1000.slice/user@1000.service/app.slice/redis.service/libpod-payload-e8c29da1a2f6c4bb032304f7dfbc5a767e026092c4a2fcbc830e58565f972f54", "libpod", "e8c29da1a2f6c4bb032304f7dfbc5a767e026092c4a2fcbc830e58565f972f54", 1000, "systemctl --user status of a quadlet, 2025-12-20" },

        // Rootless Docker and nerdctl.
        { "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-4d6afbcf669e6342da8864190234ace265dabc5d48cf57c19823fa0072f7cc92.scope", "docker", "4d6afbcf669e6342da8864190234ace265dabc5d48cf57c19823fa0072f7cc92", 1000, "green-coding-solutions/green-metrics-tool cgroup memory provider (scheme of the path)" },
        { "/user.slice/user-1000.slice/user@1000.service/user.slice/nerdctl-4d6afbcf669e6342da8864190234ace265dabc5d48cf57c19823fa0072f7cc92.scope", "containerd", "4d6afbcf669e6342da8864190234ace265dabc5d48cf57c19823fa0072f7cc92", 1000, "chainguard-dev/osquery-defense-kit detection/execution (scheme of the path)" },

        // containerd without CRI.
        { "/default/bee-ctr", "containerd", "bee-ctr", 0, "ctr run of containerd 1.6.20" },

        // Machines and LXC.
        { "/machine.slice/systemd-nspawn@delphix.uE0noy5.service", "machine", "delphix.uE0noy5", 0, "delphix/appliance-build, systemctl status of an upgrade container" },
        { "/user.slice/user-4711.slice/user@4711.service/machine.slice/systemd-nspawn@zurps.service/payload", "machine", "zurps", 4711, "systemd/systemd test/units/TEST-13-NSPAWN.unpriv.sh" },
        { "/lxc/mysql-primary-db", "lxc", "mysql-primary-db", 0, Coroot },
        { "/lxc.payload.first/system.slice/systemd-logind.service", "lxc", "first", 0, CorootProcess + "3000" },
    };

    /// <summary>Path, source.</summary>
    public static TheoryData<string, string> Hosts => new()
    {
        { "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podb13213a6_d47e_4bd1_bc00_f175d1ad3b6e.slice/crio-conmon-eb5a56051cf7c5e9e588d0dca94d6673d67d43604686e1485984732b18701057.scope", Tracee },
        { "/machine.slice/libpod-conmon-64de256b4158dbfd331e27f93bf807f141883be795fd1b2ae7f40294f32c5bfd.scope", Tracee },
        { "/libpod_parent/conmon", Tetragon },
        { "/kubepods/pod068e8fa0-9213-11e7-a01f-507b9d4141fa/crio-81e5c2990803c383229c9680ce964738d5e566d97f5bd436ac34808d2ec75d5f.mount", Cadvisor + "crio/factory_test.go" },
        { "/system.slice/run-containerd-io.containerd.runtime.v1.linux-k8s.io-14ae50f1d3ada102aec3ab00168fdafb2dc0986d79ca9e8d5b75581fa89e9fea-rootfs.mount", Cadvisor + "containerd/factory_test.go" },
        { "/system.slice/var-lib-docker-overlay-9f086b233ab7c786bf8b40b164680b658a8f00e94323868e288d6ce20bc92193-merged.mount", "google/cadvisor container/docker/utils/docker_test.go" },
        { "/user.slice/user-1000.slice/user@1000.service/apps.slice/apps-org.gnome.Terminal.slice/vte-spawn-f9176c6a-2a34-4ce2-86af-60d16888ed8e.scope", "DataDog/datadog-agent pkg/security/secl/containerutils/helpers_test.go" },
        { "/user.slice/user-1000.slice/user@1000.service/tmux-spawn-0267755b-4639-4a27-90ed-f19f88e53748.scope", "open-telemetry/opentelemetry-go semconv/attribute_group.go" },
        { "/user.slice/user-1000.slice/user@1000.service/gnome-terminal-server.service", "spiffe/spire pkg/agent/common/cgroups/cgroups_test.go" },
        { "/user.slice/user-1000.slice/session-2.scope", "spiffe/spire pkg/agent/common/cgroups/cgroups_test.go" },
        { "/system.slice/run-ra2ddf9594bbf4a1986439b594f89eb0f.scope", Coroot },
        { @"/system.slice/system-serial\x2dgetty.slice", Coroot },
        { "/system.slice/system-postgresql.slice/postgresql@9.4-main.service", Coroot },
        { "/podruntime.slice/containerd.service", Coroot },
        { "/podruntime/kubelet", Coroot + " (Talos)" },
        { "/lxc.monitor.first", Coroot },
        { "/init.scope", CorootProcess + "600" },
        { "/system.slice/system-getty.slice/getty@tty1.service", CorootProcess + "1000" },
        { @"/machine.slice/machine-test.slice/machine-qemu\x2d18\x2dtest10", "mail to linux-kernel, 2020-03-04 (libvirt)" },
        { @"/machine.slice/machine-qemu\x2d3\x2dubuntu20.04.scope/libvirt", "libvirt's scheme of a virtual machine" },
        { "/k3s", "rancher/k3k pull request 792" },
        { "/user.slice/user-1000.slice/user@1000.service/app.slice/redis.service/runtime", "systemctl --user status of a quadlet, 2025-12-20 (conmon)" },
    };

    /// <summary>The content of /proc/PID/cgroup, id, source.</summary>
    public static TheoryData<string, string?, string> Processes => new()
    {
        {
            """
            13:cpuset:/kubepods/burstable/pod8833712d-6e69-4f5c-95f3-aebd020ce2e7/95cbe853416f52d927dec41f1406dd75015ea131244a1ca875a7cd4ebe927ac8
            9:misc:/
            7:rdma:/
            1:name=systemd:/kubepods/burstable/pod8833712d-6e69-4f5c-95f3-aebd020ce2e7/95cbe853416f52d927dec41f1406dd75015ea131244a1ca875a7cd4ebe927ac8
            0::/reserved.slice/containerd.service
            """,
            "95cbe853416f52d927dec41f1406dd75015ea131244a1ca875a7cd4ebe927ac8", CorootProcess + "2000 (hybrid)"
        },
        {
            """
            11:perf_event:/docker/b43d92bf1e5c6f78bb9b7bc6f40721280299855ba692092716e3a1b6c0b86f3f
            2:pids:/docker/b43d92bf1e5c6f78bb9b7bc6f40721280299855ba692092716e3a1b6c0b86f3f
            1:name=systemd:/docker/b43d92bf1e5c6f78bb9b7bc6f40721280299855ba692092716e3a1b6c0b86f3f
            """,
            "b43d92bf1e5c6f78bb9b7bc6f40721280299855ba692092716e3a1b6c0b86f3f", CorootProcess + "200 (v1)"
        },
        { "0::/../../../../system.slice/docker-ba7b10d15d16e10e3de7a2dcd408a3d971169ae303f46cfad4c5453c6326fee2.scope\n", "ba7b10d15d16e10e3de7a2dcd408a3d971169ae303f46cfad4c5453c6326fee2", CorootProcess + "500 (v2)" },
        {
            """
            9:name=systemd:/libpod_parent/libpod-4e9d6a06755a73cc957f752735cd95b873783ce13a2d2fdc5d45fe6fd7ef7d4b
            4:memory:/libpod_parent/libpod-4e9d6a06755a73cc957f752735cd95b873783ce13a2d2fdc5d45fe6fd7ef7d4b
            0::/libpod_parent/libpod-4e9d6a06755a73cc957f752735cd95b873783ce13a2d2fdc5d45fe6fd7ef7d4b
            """,
            "4e9d6a06755a73cc957f752735cd95b873783ce13a2d2fdc5d45fe6fd7ef7d4b", "Podman 4.3.1 with runc 1.1.5 (hybrid)"
        },
        { "9:name=systemd:/libpod_parent/conmon\n4:memory:/libpod_parent/conmon\n0::/\n", null, "conmon of Podman 4.3.1 (hybrid)" },
        {
            """
            10:devices:/user.slice
            3:pids:/user.slice/user-1000.slice/user@1000.service
            1:name=systemd:/user.slice/user-1000.slice/user@1000.service/gnome-terminal-server.service
            0::/user.slice/user-1000.slice/user@1000.service/gnome-terminal-server.service
            """,
            null, "spiffe/spire pkg/agent/common/cgroups/cgroups_test.go (hybrid)"
        },
    };
}
