# Tests the tool on crafted packets. Nothing is attached: the kernel runs the program on each packet and returns the result.
BeforeAll {
    if (-not (Get-Module Bee)) { Import-Module Bee }
    $tool = Invoke-BeeBuild $PSScriptRoot -BinaryOnly -OutFile "$TestDrive/xdpcount.o"
    $packets = @{
        # Ethernet header; IPv4 header from 192.0.2.7 to 198.51.100.1; 8 bytes of UDP.
        Udp   = '020000000001020000000002 0800  4500001c 00000000 40110000 c0000207 c6336401  1234 0035 0008 0000'
        # The same with the protocol number of ARP, and zeros as payload.
        Arp   = '020000000001020000000002 0806' + '00' * 46
        # Ethernet header, and an IPv4 header that ends after 4 bytes.
        Short = '020000000001020000000002 0800  4500001c'
    }
}

Describe 'xdpcount' {
    It 'counts a packet by its sender and protocol' {
        $result = Test-BeeProgram $tool.FullName -Data $packets.Udp
        $result.Action | Should -Be XDP_PASS
        $result.Entries | Should -HaveCount 1
        $result.Entries[0].from | Should -Be '::ffff:192.0.2.7'
        $result.Entries[0].protocol | Should -Be UDP
        $result.Entries[0].packets | Should -Be 1
        $result.Entries[0].bytes | Should -Be $result.Data.Length
    }

    It 'adds to the existing count' {
        $before = @{ from = '::ffff:192.0.2.7'; protocol = 'UDP'; packets = 41; bytes = 0 }
        $result = Test-BeeProgram $tool.FullName -Data $packets.Udp -MapEntry @{ counter_traffic = $before }
        $result.Entries.packets | Should -Be 42
    }

    It 'lets <_> through without counting it' -ForEach 'Arp', 'Short' {
        $result = Test-BeeProgram $tool.FullName -Data $packets[$_]
        $result.Action | Should -Be XDP_PASS
        $result.Entries | Should -BeNullOrEmpty
    }

    It 'counts only the protocol of the parameter' {
        (Test-BeeProgram $tool.FullName -Data $packets.Udp -Parameter @{ only_protocol = 6 }).Entries | Should -BeNullOrEmpty
    }

    It 'changes no packet' {
        (Test-BeeProgram $tool.FullName -Data $packets.Udp -Repeat 1000).IsDataChanged | Should -BeFalse
    }
}
