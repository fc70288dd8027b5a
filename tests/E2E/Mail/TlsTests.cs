using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Mail;

/// <summary>A mail server that asks for a password, reached by a name that is not this machine's own address.</summary>
public abstract class RemoteMail(TestServers servers) : ServerWithMail(servers)
{
    private const string User = "bookit";
    private const string SmtpPassword = "the server's password";

    private readonly TemporaryFolder folder = new();
    private readonly X509Certificate2 certificate = CertificateOf(Dns.GetHostName());

    protected abstract bool OffersTls { get; }

    protected abstract bool IsTrusted { get; }

    protected override object SmtpOptions =>
        OffersTls
            ? new
            {
                user = User,
                pass = SmtpPassword,
                key = KeyOf(certificate),
                cert = certificate.ExportCertificatePem(),
            }
            : new { user = User, pass = SmtpPassword };

    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>(base.Settings)
        {
            ["Smtp__Host"] = Dns.GetHostName(),
            ["Smtp__User"] = User,
            ["Smtp__Password"] = SmtpPassword,
            ["SSL_CERT_FILE"] = IsTrusted ? folder.File("trusted.pem") : null,
        };

    public override async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(folder.File("trusted.pem"), certificate.ExportCertificatePem());
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Assert.DoesNotContain(SmtpPassword, Api.Output, StringComparison.Ordinal);
        await base.DisposeAsync();
        certificate.Dispose();
        folder.Dispose();
    }

    public async Task<string> ErrorAsync(string email)
    {
        var sql = $"""
            SELECT coalesce(error, '') FROM notifications n JOIN users u ON u.id = n.user_id WHERE u.email = '{email}'
            """;
        await Eventually.TrueAsync(async () => await QueryAsync<string>(sql) != "");
        return await QueryAsync<string>(sql);
    }

    /// <summary>A server of this name proves itself with it, to whoever trusts it.</summary>
    public static X509Certificate2 CertificateOf(string host)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=mail", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
    }

    public static string KeyOf(X509Certificate2 certificate)
    {
        using var key = certificate.GetRSAPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }
}

public sealed class MailOverTls(TestServers servers) : RemoteMail(servers)
{
    protected override bool OffersTls => true;

    protected override bool IsTrusted => true;
}

public sealed class MailByAStranger(TestServers servers) : RemoteMail(servers)
{
    protected override bool OffersTls => true;

    protected override bool IsTrusted => false;
}

public sealed class MailInTheClear(TestServers servers) : RemoteMail(servers)
{
    protected override bool OffersTls => false;

    protected override bool IsTrusted => true;
}

public sealed class MailOverTlsTests(MailOverTls server) : IClassFixture<MailOverTls>
{
    [Fact]
    public async Task To_another_machine_mail_and_password_go_encrypted()
    {
        var email = (await server.RegisterAsync()).Email();

        var mail = Assert.Single(await server.Smtp.MailsToAsync(email));

        Assert.True((bool)mail.Json["secure"]!);
        Assert.Equal("bookit", (string?)mail.Json["user"]);
        Assert.All(server.Smtp.Events("auth"), attempt => Assert.True((bool)attempt["secure"]!));
    }
}

public sealed class MailByAStrangerTests(MailByAStranger server) : IClassFixture<MailByAStranger>
{
    [Fact]
    public async Task Whoever_cannot_prove_to_be_the_server_gets_neither_mail_nor_password()
    {
        var error = await server.ErrorAsync((await server.RegisterAsync()).Email());

        Assert.Contains("certificate", error, StringComparison.Ordinal);
        Assert.Empty(server.Smtp.Events("auth"));
        Assert.Empty(server.Smtp.Mails);
    }
}

public sealed class MailInTheClearTests(MailInTheClear server) : IClassFixture<MailInTheClear>
{
    [Fact]
    public async Task A_server_without_encryption_gets_neither_mail_nor_password()
    {
        var error = await server.ErrorAsync((await server.RegisterAsync()).Email());

        Assert.Contains("secure connections", error, StringComparison.Ordinal);
        // What the mail server says of it comes by another way than the error.
        await Eventually.TrueAsync(() => Task.FromResult(server.Smtp.Events("connected").Count > 0));
        Assert.Empty(server.Smtp.Events("auth"));
        Assert.Empty(server.Smtp.Mails);
    }
}
