using System.Xml.Linq;
using BookIT.Core.Auth;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption.ConfigurationModel;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace BookIT.Api.Auth;

/// <summary>
/// The one key of ASP.NET Core's data protection, which guards what a browser carries for us. It follows from
/// <c>Jwt:Secret</c>: every replica has it, it outlives restarts, and it lies nowhere. docs/decisions/data-protection.md
/// tells why it is not in the database.
/// </summary>
internal sealed class DerivedKey(JwtOptions jwt) : IXmlRepository
{
    private static readonly DateTimeOffset From = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Until = new(3000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static void AddTo(IServiceCollection services)
    {
        services.AddDataProtection().SetApplicationName("BookIT").DisableAutomaticKeyGeneration();
        services
            .AddOptions<KeyManagementOptions>()
            .Configure<JwtOptions>((keys, jwt) => keys.XmlRepository = new DerivedKey(jwt));
    }

    /// <summary>The key, as the framework would have written it down.</summary>
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var secret = new Secret(jwt.KeyFor("data protection"));
        var descriptor = new AuthenticatedEncryptorDescriptor(
            new AuthenticatedEncryptorConfiguration(),
            secret
        ).ExportToXml();
        return
        [
            new XElement(
                "key",
                new XAttribute("id", Guid.Empty),
                new XAttribute("version", 1),
                new XElement("creationDate", From),
                new XElement("activationDate", From),
                new XElement("expirationDate", Until),
                new XElement(
                    "descriptor",
                    new XAttribute("deserializerType", descriptor.DeserializerType.AssemblyQualifiedName!),
                    descriptor.SerializedDescriptorElement
                )
            ),
        ];
    }

    public void StoreElement(XElement element, string friendlyName) =>
        throw new NotSupportedException("There is one key, and it is never stored.");
}
