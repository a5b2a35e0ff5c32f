using Bee.Toolchain.Tools;

namespace Bee.Toolchain.Tests;

public class DistributionTests
{
    [Theory]
    [InlineData("ID=debian", "apt-get install libbpf-dev")]
    [InlineData("ID=linuxmint\nID_LIKE=\"ubuntu debian\"", "apt-get install libbpf-dev")]
    [InlineData("NAME=Rocky\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"", "dnf install libbpf-devel")]
    [InlineData("ID=arch", "pacman -S libbpf")]
    [InlineData("ID=alpine", "apk add libbpf-dev")]
    [InlineData("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"", "zypper install libbpf-devel")]
    [InlineData("ID=plan9", "on Debian the package is libbpf-dev")]
    [InlineData("", "on Debian the package is libbpf-dev")]
    public void Each_distribution_has_its_own_words(string release, string expected) =>
        Assert.Contains(expected, Distribution.Of(release).Remedy(Component.LibbpfHeaders));
}
