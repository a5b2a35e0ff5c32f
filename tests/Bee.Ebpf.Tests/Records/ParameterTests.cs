using System.Collections;
using System.Net;
using System.Net.NetworkInformation;
using System.Numerics;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Records;

/// <summary>Encodes values of parameters, and decodes them again.</summary>
public sealed class ParameterTests
{
    private const string Declarations = """
        enum state { IDLE, RUNNING = 5 }; enum mode { R = 1, W = 2, X = 4 };
        struct rule { u16 port; u8 parts[3]; char tag[4]; }; struct rules { u16 count; struct rule list[2]; }; typedef struct rules rules_t; typedef u8 grid[2][2]; typedef char names[2][4]; typedef struct rule rule_list[2];
        struct range { u16 from, to; u32 low:4, high:4; enum state st; };
        typedef int ints[3]; typedef char text[8]; typedef struct range range_t; typedef float f; typedef double d; typedef enum state st; typedef enum mode md; typedef _Bool flag; typedef u8 raw[4];
        """;

    private static readonly string[] s_roots =
        ["u8", "s8", "u32", "s32", "u64", "s128", "u128", "flag", "f", "d", "st", "md", "text", "raw", "ints", "range_t", "ipv4_addr", "ipv6_addr", "mac_addr", "net_port", "be32",
         "duration", "ktime", "errno_value", "signal_nr", "uid_t", "syscall_nr", "byte_size", "char *", "rules_t", "grid", "names", "rule_list"];

    public static readonly (string Type, object Given, string ReadBack)[] Good =
    [
        ("u8", 200, "200"), ("u8", "0xff", "255"), ("u8", 7.0, "7"), ("u8", true, "1"), ("s8", -128, "-128"), ("s8", "-0x80", "-128"), ("u32", uint.MaxValue, "4294967295"), ("u32", "42", "42"),
        ("s32", -1L, "-1"), ("s32", new BigInteger(-5), "-5"), ("u64", ulong.MaxValue, "18446744073709551615"), ("u64", "0xffffffffffffffff", "18446744073709551615"), ("u64", 1e18, "1000000000000000000"),
        ("s128", "-170141183460469231731687303715884105728", "-170141183460469231731687303715884105728"), ("u128", "0x80000000000000000000000000000000", "170141183460469231731687303715884105728"),
        ("flag", true, "true"), ("flag", 0, "false"), ("flag", "True", "true"), ("f", 1.1, "1.1"), ("f", 3, "3"), ("d", "2.5", "2.5"), ("d", 1.5m, "1.5"),
        ("st", "RUNNING", "\"RUNNING\""), ("st", "running", "\"RUNNING\""), ("st", 5, "\"RUNNING\""), ("st", "7", "7"), ("md", "R, X", "\"R, X\""), ("md", 3, "\"R, W\""),
        ("text", "seven77", "\"seven77\""), ("text", "", "\"\""), ("text", "é", "\"é\""), ("raw", new byte[] { 1, 2, 3, 4 }, "[1,2,3,4]"), ("raw", new object[] { 9 }, "[9,0,0,0]"),
        ("ints", new[] { -1, 2, 3 }, "[-1,2,3]"), ("ints", new List<string> { "5" }, "[5,0,0]"),
        // A single value counts as a list of one.
        ("ints", 5, "[5,0,0]"), ("raw", "7", "[7,0,0,0]"), ("grid", 3, "[[3,0],[0,0]]"), ("names", "ab", """["ab",""]"""),
        ("rule_list", new Hashtable { ["port"] = 1 }, """[{"port":1,"parts":[0,0,0],"tag":""},{"port":0,"parts":[0,0,0],"tag":""}]"""),
        ("rule_list", new[] { new Hashtable { ["parts"] = 2 } }, """[{"port":0,"parts":[2,0,0],"tag":""},{"port":0,"parts":[0,0,0],"tag":""}]"""),
        ("range_t", new Hashtable { ["from"] = 1, ["TO"] = 65535, ["high"] = 15, ["st"] = "RUNNING" }, """{"from":1,"to":65535,"low":0,"high":15,"st":"RUNNING"}"""),
        ("ipv4_addr", "192.0.2.1", "\"192.0.2.1\""), ("ipv4_addr", IPAddress.Loopback, "\"127.0.0.1\""), ("ipv6_addr", "2001:db8::1", "\"2001:db8::1\""), ("ipv6_addr", "1.2.3.4", "\"::ffff:1.2.3.4\""),
        ("mac_addr", "02:00:5e:10:00:01", "\"02:00:5e:10:00:01\""), ("mac_addr", PhysicalAddress.Parse("02-00-5E-10-00-01"), "\"02:00:5e:10:00:01\""),
        ("net_port", 443, "443"), ("be32", 0x102, "258"),
        ("duration", "1.5ms", "1500000"), ("duration", "250", "250"), ("duration", TimeSpan.FromSeconds(2), "2000000000"), ("duration", "2 h", "7200000000000"), ("duration", "7us", "7000"),
        ("errno_value", "ENOENT", "\"ENOENT\""), ("errno_value", 11, "\"EAGAIN\""), ("signal_nr", "sigterm", "\"SIGTERM\""), ("signal_nr", Signal.SIGKILL, "\"SIGKILL\""),
        ("uid_t", "root", "0"), ("uid_t", 1000, "1000"), ("byte_size", 4096, "4096"), ("char *", "0xffff888000000000", "18446612682070032384"),
    ];

    public static readonly (string Type, object? Given, string Says)[] Bad =
    [
        ("u8", 256, "0 to 255"), ("u8", -1, "0 to 255"), ("s8", 128, "-128 to 127"), ("u64", "18446744073709551616", "out of its range"), ("u8", 1.5, "a whole number"), ("u8", "1,000", "'1,000'"),
        ("u8", "0x", "a whole number"), ("u8", "", "a whole number"), ("u8", null, "nothing"), ("u8", double.NaN, "a whole number"), ("u8", new object(), "a Object"), ("flag", 2, "true or false"), ("flag", "yes", "true or false"),
        ("f", "x", "a number"), ("f", 1e300, "float"), ("st", "WALKING", "IDLE, RUNNING"), ("st", "IDLE,RUNNING", "IDLE, RUNNING"), ("md", "R,Q", "R, W, X"), ("text", "eight888", "7 bytes"), ("text", 5, "text"),
        ("text", "a\0b", "NUL"), ("raw", new byte[5], "4 elements"), ("raw", "text", "a whole number"), ("raw", new[] { 256 }, "0 to 255"), ("ints", null, "a list"), ("ints", new Hashtable(), "got a hashtable"), ("grid", new[] { 1, 2 }, "a list of up to 2 elements, and got 1"), ("u8", new[] { 1 }, "got a list"), ("range_t", 5, "its fields ("),
        ("range_t", new Hashtable { ["form"] = 1 }, "from, to, low, high, st"), ("range_t", new Hashtable { ["low"] = 16 }, "0 to 15"), ("ipv4_addr", "1.2.3", "IPv4"), ("ipv4_addr", "::1", "IPv4"), ("ipv4_addr", 5, "IPv4"),
        ("mac_addr", "02:00", "hardware"), ("net_port", 65536, "0 to 65535"), ("duration", "fast", "1.5ms"), ("duration", TimeSpan.FromSeconds(-1), "out of its range"), ("errno_value", "ENOPE", "ENOENT"),
        ("uid_t", "no such user", "user"), ("syscall_nr", "no such call", "system call"),
    ];

    [ClangFact]
    public void Encoded_values_are_decoded_to_the_same_values()
    {
        using var c = new CProgram(Declarations, s_roots);
        Assert.All(Good, test =>
        {
            var parameter = Parameter(c, test.Type);
            var read = RecordType.ForStruct(parameter.Type, "p").Decode(ParameterEncoder.Encode(parameter, test.Given)).ToString();
            Assert.Equal($$"""{"Value":{{test.ReadBack}}}""", parameter.Type.Resolve() is BtfStruct && test.Type == "range_t" ? $$"""{"Value":{{read}}}""" : read);
        });
    }

    [ClangFact]
    public void Values_that_do_not_fit_are_refused()
    {
        using var c = new CProgram(Declarations, s_roots);
        Assert.All(Bad, test =>
        {
            var fault = Assert.Throws<BpfParameterException>(() => ParameterEncoder.Encode(Parameter(c, test.Type), test.Given));
            Assert.Contains(test.Says, fault.Message, StringComparison.Ordinal);
            Assert.Equal(("limit", test.Type), (fault.Parameter, fault.TypeName));
            Assert.StartsWith("Parameter 'limit' (", fault.Message, StringComparison.Ordinal);
        });
    }

    [ClangFact]
    public void Encode_of_a_struct_keeps_the_members_that_are_omitted()
    {
        using var c = new CProgram(Declarations, s_roots);
        Assert.Equal([1, 2, 0xff, 0xff, 0x05, 6, 7, 8, 9, 10, 11, 12], ParameterEncoder.Encode(Parameter(c, "range_t", Own(12)), new Hashtable { ["to"] = 65535, ["high"] = 0 }));
    }

    [ClangFact]
    public void Encode_of_a_short_list_zeroes_the_rest_of_the_array()
    {
        using var c = new CProgram(Declarations, s_roots);
        Assert.Equal([9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], ParameterEncoder.Encode(Parameter(c, "ints", Own(12)), new[] { 9 }));
        Assert.Equal(new byte[12], ParameterEncoder.Encode(Parameter(c, "ints", Own(12)), Array.Empty<object>()));
        Assert.Equal([7, 0, 0, 0], ParameterEncoder.Encode(Parameter(c, "raw", Own(4)), "[7]"));
        Assert.Equal([5, 0, 0, 0], ParameterEncoder.Encode(Parameter(c, "grid", Own(4)), new[] { new[] { 5 } }));
        Assert.Equal([(byte)'a', 0, 0, 0, 0, 0, 0, 0], ParameterEncoder.Encode(Parameter(c, "names", Own(8)), new[] { "a" }));
        Assert.Equal([(byte)'a', 0, 0, 0, 0, 0, 0, 0], ParameterEncoder.Encode(Parameter(c, "text", Own(8)), 'a'));
    }

    // A dictionary changes only the members that it names. A list is the whole array, so members that its elements omit become zero.
    [ClangFact]
    public void Encode_of_a_list_of_structs_zeroes_the_members_that_are_omitted()
    {
        using var c = new CProgram(Declarations, s_roots);
        var own = Own(c.Root(Array.IndexOf(s_roots, "rules_t")).Size);
        var given = new Hashtable { ["list"] = new object[] { new Hashtable { ["port"] = 80, ["parts"] = new[] { 1 } } } };
        Assert.Equal([1, 2, 80, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], ParameterEncoder.Encode(Parameter(c, "rules_t", own), given));
        Assert.Contains("2 elements", Assert.Throws<BpfParameterException>(() => ParameterEncoder.Encode(Parameter(c, "rules_t", own), new Hashtable { ["list"] = new Hashtable[3].Select(_ => new Hashtable()) })).Message, StringComparison.Ordinal);
    }

    [ClangFact]
    public void A_default_shorter_than_its_array_zeroes_the_rest()
    {
        using var c = new CProgram(Declarations, s_roots);
        var parameter = Parameter(c, "ints", Own(12)).WithMetadata(new ParameterMetadata { Default = new[] { 9, 8 } });
        Assert.Equal([9, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0], ParameterEncoder.Default(parameter));
        Assert.Equal([3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], ParameterEncoder.Encode(parameter, new[] { 3 }));
    }

    [ClangFact]
    public void Times_are_encoded_and_decoded()
    {
        using var c = new CProgram(Declarations, s_roots);
        var parameter = Parameter(c, "ktime");
        var moment = DateTime.Now;
        var read = RecordType.ForStruct(parameter.Type, "p").Decode(ParameterEncoder.Encode(parameter, moment));
        Assert.Equal(moment, (DateTime)read.Get("Value")!, TimeSpan.FromMicroseconds(1));
    }

    private static byte[] Own(int size) => [.. Enumerable.Range(1, size).Select(i => (byte)i)];

    private static ParameterDescription Parameter(CProgram c, string type, byte[]? own = null)
    {
        var found = c.Root(Array.IndexOf(s_roots, type));
        return new ParameterDescription(found) { Name = "limit", TypeName = type, Size = found.Size, Section = ".rodata", Default = own ?? [] };
    }
}
