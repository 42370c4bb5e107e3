// Asks the European Commission's DSS, or lets it sign. Arguments: "check" or "make"; a folder with *.anchor,
// *.intermediate and *.crl in DER; the time of validation or signing.
// "check" takes documents, too, and prints a line per signature: its indication and its level.
// "make" needs person.p12, tsa.p12 (password "secret") and plain.pdf in the folder; it writes one document of every
// format at every baseline level there, FORMAT-LEVEL, such as XAdES-LT.

import eu.europa.esig.dss.alert.SilentOnStatusAlert;
import eu.europa.esig.dss.cades.CAdESSignatureParameters;
import eu.europa.esig.dss.cades.signature.CAdESService;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.enumerations.SignaturePackaging;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.InMemoryDocument;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.signature.AbstractSignatureParameters;
import eu.europa.esig.dss.signature.DocumentSignatureService;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonCertificateSource;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.spi.x509.tsp.KeyEntityTSPSource;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.token.Pkcs12SignatureToken;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.xades.XAdESSignatureParameters;
import eu.europa.esig.dss.xades.signature.XAdESService;
import java.io.File;
import java.io.FileInputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;

public class Dss {
    private static final char[] PASSWORD = "secret".toCharArray();

    public static void main(String[] arguments) throws Exception {
        File folder = new File(arguments[1]);
        Date at = Date.from(Instant.parse(arguments[2]));
        if (arguments[0].equals("make")) {
            make(folder, at);
        } else {
            for (int position = 3; position < arguments.length; position++) {
                check(folder, at, new File(arguments[position]));
            }
        }
    }

    private static void check(File folder, Date at, File document) {
        SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(document));
        validator.setCertificateVerifier(verifier(folder));
        validator.setValidationTime(at);
        SimpleReport report = validator.validateDocument().getSimpleReport();
        for (String signature : report.getSignatureIdList()) {
            System.out.println(report.getIndication(signature) + " " + report.getSignatureFormat(signature));
        }
    }

    private static void make(File folder, Date at) throws Exception {
        CommonCertificateVerifier verifier = verifier(folder);
        // It signs as of a day long gone, which it would rather not.
        verifier.setAlertOnExpiredCertificate(new SilentOnStatusAlert());
        verifier.setAlertOnMissingRevocationData(new SilentOnStatusAlert());
        verifier.setAlertOnNoRevocationAfterBestSignatureTime(new SilentOnStatusAlert());
        verifier.setAlertOnUncoveredPOE(new SilentOnStatusAlert());
        KeyEntityTSPSource stamps = stamps(new File(folder, "tsa.p12"), at);
        XAdESService xml = new XAdESService(verifier);
        CAdESService cms = new CAdESService(verifier);
        PAdESService pdf = new PAdESService(verifier);
        xml.setTspSource(stamps);
        cms.setTspSource(stamps);
        pdf.setTspSource(stamps);
        KeyStore.PasswordProtection password = new KeyStore.PasswordProtection(PASSWORD);
        try (Pkcs12SignatureToken token = new Pkcs12SignatureToken(new File(folder, "person.p12"), password)) {
            for (String level : new String[] {"B", "T", "LT", "LTA"}) {
                XAdESSignatureParameters asXml = new XAdESSignatureParameters();
                asXml.setSignatureLevel(SignatureLevel.valueOf("XAdES_BASELINE_" + level));
                asXml.setSignaturePackaging(SignaturePackaging.ENVELOPED);
                sign(xml, asXml, document("<a xmlns='urn:x'><b>text</b></a>"), token, at, new File(folder, "XAdES-" + level));
                CAdESSignatureParameters asCms = new CAdESSignatureParameters();
                asCms.setSignatureLevel(SignatureLevel.valueOf("CAdES_BASELINE_" + level));
                asCms.setSignaturePackaging(SignaturePackaging.ENVELOPING);
                sign(cms, asCms, document("content"), token, at, new File(folder, "CAdES-" + level));
                PAdESSignatureParameters asPdf = new PAdESSignatureParameters();
                asPdf.setSignatureLevel(SignatureLevel.valueOf("PAdES_BASELINE_" + level));
                DSSDocument plain = new FileDocument(new File(folder, "plain.pdf"));
                sign(pdf, asPdf, plain, token, at, new File(folder, "PAdES-" + level));
            }
        }
    }

    private static <P extends AbstractSignatureParameters<?>> void sign(
            DocumentSignatureService<P, ?> service, P parameters, DSSDocument document, Pkcs12SignatureToken token,
            Date at, File target) throws Exception {
        DSSPrivateKeyEntry key = token.getKeys().get(0);
        parameters.setSigningCertificate(key.getCertificate());
        parameters.setCertificateChain(key.getCertificateChain());
        parameters.bLevel().setSigningDate(at);
        service.signDocument(document, parameters,
            token.sign(service.getDataToSign(document, parameters), parameters.getDigestAlgorithm(), key))
            .save(target.getPath());
    }

    private static DSSDocument document(String text) {
        return new InMemoryDocument(text.getBytes(StandardCharsets.UTF_8), "document");
    }

    private static KeyEntityTSPSource stamps(File file, Date at) throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (FileInputStream stream = new FileInputStream(file)) {
            keys.load(stream, PASSWORD);
        }
        KeyEntityTSPSource stamps = new KeyEntityTSPSource(keys, keys.aliases().nextElement(), PASSWORD);
        stamps.setTsaPolicy("1.2.3.4");
        stamps.setProductionTime(at);
        return stamps;
    }

    private static CommonCertificateVerifier verifier(File folder) {
        CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
        CommonCertificateSource intermediates = new CommonCertificateSource();
        List<DSSDocument> lists = new ArrayList<>();
        for (File file : folder.listFiles()) {
            if (file.getName().endsWith(".anchor")) {
                anchors.addCertificate(DSSUtils.loadCertificate(file));
            } else if (file.getName().endsWith(".intermediate")) {
                intermediates.addCertificate(DSSUtils.loadCertificate(file));
            } else if (file.getName().endsWith(".crl")) {
                lists.add(new FileDocument(file));
            }
        }
        CommonCertificateVerifier verifier = new CommonCertificateVerifier();
        verifier.setTrustedCertSources(anchors);
        verifier.setAdjunctCertSources(intermediates);
        verifier.setAIASource(null);
        verifier.setCrlSource(new ExternalResourcesCRLSource(lists.toArray(new DSSDocument[0])));
        return verifier;
    }
}
